import type { FileRecord, UploadMethod } from "@audiotricks/protocol/messages";
import { KnownExports } from "./known-exports.ts";
import { KnownGroups } from "./known-groups.ts";

/** What is known of a session outside the database: by whom it was answered what, and what was sent. */
export interface KnownSession {
  sessionId: string;
  fileId: string;
  userId: string;
  key: string;
  size: number;
  method: UploadMethod;
  partSize: number;
  partCount: number;
  /** Contents that anybody has sent into it. */
  contents: Set<string>;
  isDeleteAsked: boolean;
  /** The first answer that said `completed`. */
  completed: FileRecord | null;
  isSaidAborted: boolean;
}

/** What was said to people, and what they have done. */
export class Ledger {
  readonly sessions = new Map<string, KnownSession>();
  readonly byFile = new Map<string, KnownSession>();
  /** Sessions, also such as are known only by the list of open ones, since the answer to their beginning was lost. */
  readonly askedToCancel = new Set<string>();
  /** Files that were to go by a certain time. */
  readonly mayExpire = new Set<string>();
  /** Events that were given up, and when; also such as were sent again since. */
  readonly givenUp = new Map<string, number>();
  readonly exports = new KnownExports();
  readonly groups = new KnownGroups();
  readonly wrongs: string[] = [];

  born(session: Omit<KnownSession, "contents" | "isDeleteAsked" | "completed" | "isSaidAborted">) {
    const known = this.sessions.get(session.sessionId);
    if (known !== undefined) return known;
    const fresh: KnownSession = {
      ...session,
      contents: new Set(),
      isDeleteAsked: false,
      completed: null,
      isSaidAborted: false,
    };
    this.sessions.set(fresh.sessionId, fresh);
    this.byFile.set(fresh.fileId, fresh);
    return fresh;
  }

  gaveUp(eventId: string, at: number): void {
    this.givenUp.set(eventId, Math.min(at, this.givenUp.get(eventId) ?? at));
  }

  /** The companion has said so, whether or not anybody heard. */
  saidCompleted(sessionId: string, file: FileRecord): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return;
    if (session.isSaidAborted) this.wrongs.push(`7: ${sessionId} was said to be aborted, and now completed`);
    const { completed } = session;
    session.completed ??= file;
    if (completed === null) return;
    for (const name of ["id", "size", "key", "type", "checksumMd5"] as const) {
      if (completed[name] !== file[name])
        this.wrongs.push(`6: ${sessionId} was completed twice, with another ${name}`);
    }
  }

  saidAborted(sessionId: string): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return;
    if (session.completed !== null)
      this.wrongs.push(`7: ${sessionId} was said to be completed, and now aborted`);
    session.isSaidAborted = true;
  }
}
