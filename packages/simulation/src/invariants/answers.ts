import { isOrphan } from "./owners.ts";
import { COUNTED, type Invariant } from "./truth.ts";

/** 6 and 7: what was said to a caller is so, once, and the opposite is never said. */
export const answers: Invariant = ({ now, ledger }) => {
  const wrongs = [...ledger.wrongs];
  const files = new Map(now.files.map((file) => [file.id, file]));
  const mayGo = (id: string): boolean => {
    const file = files.get(id);
    if (file === undefined) return false;
    const parent = file.derived_from === null ? undefined : files.get(file.derived_from);
    const isMadeOfWhatWent = parent !== undefined && !COUNTED.includes(parent.status);
    if (ledger.groups.isDropped(file)) return true;
    return isMadeOfWhatWent || isOrphan(now, file) || (file.kind === "export_file" && file.expired);
  };
  for (const session of now.sessions) {
    const known = ledger.sessions.get(session.id);
    const file = files.get(session.file);
    const isPromised = COUNTED.includes(file?.status ?? "");
    const wasPromised = isPromised || file?.status === "deleting" || file?.status === "deleted";
    if (known?.completed != null && (session.status !== "completed" || !wasPromised)) {
      wrongs.push(
        `6: ${session.id} was said to be completed, is ${session.status}, its file ${file?.status}`,
      );
    }
    if (
      known?.completed != null &&
      !isPromised &&
      !known.isDeleteAsked &&
      !mayGo(session.file) &&
      !ledger.mayExpire.has(session.file)
    ) {
      wrongs.push(`1: ${session.id} was completed, and its file is ${file?.status}; nobody asked for that`);
    }
    if (known?.isSaidAborted && !["aborted", "aborting"].includes(session.status ?? "")) {
      wrongs.push(`7: ${session.id} was said to be aborted, and is ${session.status}`);
    }
    if (isPromised && session.status !== "completed") {
      wrongs.push(`2: the file of ${session.id} is ${file?.status}, and the session ${session.status}`);
    }
  }
  for (const { file, stored, deleted } of now.audits) {
    if (stored > 1) wrongs.push(`6: file ${file} was stored ${stored} times`);
    if (deleted > 1) wrongs.push(`11: file ${file} was deleted ${deleted} times`);
  }
  return wrongs;
};
