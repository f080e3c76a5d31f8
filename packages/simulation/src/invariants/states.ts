import { COUNTED, FINAL, type Invariant } from "./truth.ts";

const SESSION_STATES = ["creating", "active", "completing", "completed", "aborting", "aborted", "failed"];
const FILE_STATES = [...COUNTED, "uploading", "deleting", "deleted", "failed"];

/** 8: what is final stays so, and a part that is stored is never waited for again. */
export const states: Invariant = ({ now, before }) => {
  const wrongs: string[] = [];
  const sessions = new Map(before?.sessions.map((session) => [session.id, session]));
  for (const session of now.sessions) {
    const { id, status } = session;
    if (status === null || !SESSION_STATES.includes(status)) wrongs.push(`8: session ${id} is ${status}`);
    const earlier = sessions.get(id);
    if (earlier?.status == null) continue;
    if (FINAL.includes(earlier.status) && status !== earlier.status) {
      wrongs.push(`8: session ${id} was ${earlier.status} and is ${status} now`);
    }
    if (earlier.status === "aborting" && !["aborting", "aborted", "failed"].includes(status ?? "")) {
      wrongs.push(`8: session ${id} was aborting and is ${status} now`);
    }
    if (session.stored_bytes > session.size)
      wrongs.push(`8: session ${id} has more bytes than it is to have`);
    if (earlier.sent && status === "aborting")
      wrongs.push(`7: session ${id} is aborted after its Complete was sent`);
  }
  const files = new Map(before?.files.map((file) => [file.id, file]));
  for (const { id, status } of now.files) {
    if (status === null || !FILE_STATES.includes(status)) wrongs.push(`8: file ${id} is ${status}`);
    const earlier = files.get(id)?.status;
    if (earlier === undefined || earlier === status) continue;
    const isWrong =
      earlier === "deleted" ||
      earlier === "failed" ||
      (earlier === "deleting" && status !== "deleted") ||
      (COUNTED.includes(earlier) && !COUNTED.includes(status) && status !== "deleting");
    if (isWrong) wrongs.push(`8: file ${id} was ${earlier} and is ${status} now`);
  }
  const chunks = new Map(before?.chunks.map(({ name, status }) => [name, status]));
  for (const { name, status } of now.chunks) {
    if (chunks.get(name) === "completed" && status !== "completed") {
      wrongs.push(`8: part ${name} was stored and is ${status} now`);
    }
  }
  return wrongs;
};
