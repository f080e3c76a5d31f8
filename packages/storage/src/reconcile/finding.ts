import type { Counts, ExpiryHold } from "../storage.ts";

/** An object as the store lists it. */
export interface FoundObject {
  key: string;
  /** Bytes. */
  size: number;
  etag: string;
  lastModified: Date;
}

/**
 * Something in which bucket and database disagree. What is done about it without a person saying so is with each kind;
 * nothing that was ever acknowledged is deleted.
 */
export type Finding = CounterFinding | HeldFinding | BucketsFinding;

/** Files do not expire until a person has answered: the database may be older than what their owners were told. They stay. */
export type HeldFinding = { kind: "expiry_held" } & ExpiryHold;

/** A counter of usage was not what its rows say. It has been counted anew from them; told once. */
export interface CounterFinding {
  kind: "counter_differs";
  scope: "user" | "workspace";
  scopeId: string;
  counted: Counts;
  actual: Counts;
  lastSeenAt: Date;
}

type BucketsFinding = { providerId: string } & (
  | UnknownObject
  /** At a key that we never make: somebody else's. Left alone, always. */
  | { kind: "foreign_object"; object: FoundObject }
  /** Under `temp/` without a session. The sweep takes it away once it is old. */
  | { kind: "unknown_temporary"; object: FoundObject }
  /** An upload under way at a key of ours without a row. The sweep takes it away once it is old. */
  | { kind: "unknown_upload"; key: string; initiatedAt: Date }
  /** An upload under way at a key that we never make. Left alone, always. */
  | { kind: "foreign_upload"; key: string; initiatedAt: Date }
  /** A file that was promised is not there. Its row stays as it is. */
  | { kind: "object_missing"; file: FoundFile }
  /** A file that was promised has other bytes. Row and object stay as they are. */
  | { kind: "object_differs"; file: FoundFile; object: FoundObject }
  /** A file that was promised is nobody's: a row edited by hand. No quota counts it, and nobody can reach it. Both stay. */
  | { kind: "file_without_owner"; file: FoundFile; object: FoundObject }
  /**
   * The row says that the upload failed, and there is an object from before it said so: perhaps the database is older than
   * the bucket, and the file was acknowledged. Both stay.
   */
  | { kind: "failed_with_object"; file: FoundFile; object: FoundObject }
  /** `uploading`, with no session that could end it: a row edited by hand. It stays. */
  | { kind: "upload_without_session"; file: FoundFile; object: FoundObject | undefined }
  /** Its row had come to its end before the object was there, or because it was to be deleted. Deleted. */
  | { kind: "ended_object"; file: FoundFile; object: FoundObject }
  /**
   * The bucket could not be opened, or not be looked through to the end: nobody knows how its files are. `code` is `no_provider`
   * where its key is not at hand, `storage_unavailable` where the store does not answer.
   */
  | { kind: "provider_failed"; code: string; message: string }
);

/** At a key of ours, with no row. Kept, until a person has confirmed the list. */
export interface UnknownObject {
  kind: "unknown_object";
  object: FoundObject;
}

/** What the row says. */
export interface FoundFile {
  id: string;
  key: string;
  state: string;
  size: number;
  etag: string | null;
}

export type FindingKind = Finding["kind"];

export interface ReconcileReport {
  providers: number;
  objects: number;
  rows: number;
  /** How many of each kind; those that did not occur are left out. */
  findings: Partial<Record<FindingKind, number>>;
}
