import { type Invariant, OPEN } from "./truth.ts";

/** 5, the half that holds at any time: nobody takes anything from a session that is alive. */
export const liveSessions: Invariant = ({ now, before, buckets, ledger }) => {
  const wrongs: string[] = [];
  const places = new Map(now.files.map(({ id, provider }) => [id, provider]));
  const dropped = new Set(now.files.filter((file) => ledger.groups.isDropped(file)).map(({ id }) => id));
  const earlier = new Map(before?.sessions.map((session) => [session.id, session]));
  for (const session of now.sessions) {
    const known = ledger.sessions.get(session.id);
    const status = session.status ?? "";
    const wasOpen = OPEN.includes(earlier.get(session.id)?.status ?? "");
    const isOwned =
      session.user_id === session.former_user && session.workspace_id === session.former_workspace;
    if (
      wasOpen &&
      isOwned &&
      (status === "aborting" || status === "aborted") &&
      !session.expired &&
      !ledger.askedToCancel.has(session.id) &&
      !dropped.has(session.file) &&
      // By whoever gave its archive up: that this has a cause is held elsewhere.
      !now.exports.some((one) => one.session === session.id && ["failed", "cancelled"].includes(one.status))
    ) {
      wrongs.push(`5: session ${session.id} is ${status}, though it had not expired and nobody cancelled it`);
    }
    if (
      status === "failed" &&
      earlier.get(session.id)?.status !== "failed" &&
      (known?.contents.size ?? 0) === 1
    ) {
      wrongs.push(
        `12: session ${session.id} failed with ${session.error}, though nothing was wrong with its bytes`,
      );
    }
    if (status !== "active" || session.method !== "multipart" || session.upload === null) continue;
    const { store } = buckets.of(places.get(session.file) ?? "");
    const isThere = store.uploads.has(session.upload) || store.objects.has(known?.key ?? "");
    if (!isThere) wrongs.push(`5: the upload of ${session.id} is gone from the store while it is open`);
  }
  return wrongs;
};
