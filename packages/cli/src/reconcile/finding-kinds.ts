import type { FindingKind } from "@audiotricks/storage";

/** For people: what each finding means and what becomes of it, those first that matter most. */
export const FINDING_KINDS: Readonly<Record<FindingKind, { means: string; isHarmless?: boolean }>> = {
  object_missing: { means: "A file that was promised is not there. Look for a backup; its row stays." },
  object_differs: { means: "A file that was promised has other bytes. Both stay." },
  expiry_held: {
    means:
      "The database may be older than what owners were told: files do not expire until somebody answers. They stay.",
  },
  failed_with_object: {
    means: "The row says failed, and there is an older object: perhaps it was acknowledged. Both stay.",
  },
  upload_without_session: {
    means: "Uploading, with no session that could end it: a row edited by hand. It stays.",
  },
  file_without_owner: {
    means: "Promised, and nobody's: a row edited by hand. It stays, and counts for nobody.",
  },
  counter_differs: {
    means:
      "A counter of usage was not what its rows say: counted anew from them. Somebody, or a fault, changed it.",
  },
  unknown_object: {
    means: "At a key of ours, without a row. Kept until a list of them is confirmed: --list.",
  },
  unknown_temporary: { means: "Under temp/ without a session. The sweep takes it away once it is old." },
  unknown_upload: { means: "An upload under way without a row. The sweep takes it away once it is old." },
  provider_failed: { means: "This bucket could not be looked through to the end." },
  ended_object: { means: "Its row had come to its end: deleted.", isHarmless: true },
  foreign_object: {
    means: "At a key that is never made here: somebody else's, left alone.",
    isHarmless: true,
  },
  foreign_upload: { means: "Somebody else's upload under way, left alone.", isHarmless: true },
};
