import { SESSION_STATES, type SessionState } from "@audiotricks/protocol";
import { listSessions } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readLimit } from "../read-scope.ts";
import { readId } from "../read-words.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

const OPEN: readonly SessionState[] = ["creating", "active", "completing"];

export const sessions: Command = {
  name: "sessions",
  synopsis: "[--state open|STATE] [--user ID] [--workspace ID] [--provider ID] [--limit N]",
  summary: `Upload sessions, the newest first; open ones unless told otherwise. STATE: ${SESSION_STATES.join(", ")}.`,
  options: {
    state: { type: "string" },
    user: { type: "string" },
    workspace: { type: "string" },
    provider: { type: "string" },
    limit: { type: "string" },
  },
  run: async ({ db }, words) => {
    const found = await listSessions(db, {
      states: readStates(words.text("state") ?? "open"),
      userId: readId(words, "user"),
      workspaceId: readId(words, "workspace"),
      providerId: readId(words, "provider"),
      limit: readLimit(words, 50),
    });
    const rows = found.map((session) => [
      session.sessionId,
      session.state,
      `${formatSize(session.uploadedBytes)} of ${formatSize(session.fileSize)}`,
      session.userId ?? "",
      session.expiresAt.toISOString(),
      session.errorCode ?? "",
      session.fileName,
    ]);
    const head = ["SESSION", "STATE", "UPLOADED", "USER", "EXPIRES", "ERROR", "FILE"];
    return { json: { sessions: found }, text: rows.length === 0 ? "There is none." : textTable(head, rows) };
  },
};

function readStates(text: string): readonly SessionState[] {
  if (text === "open") return OPEN;
  const state = SESSION_STATES.find((known) => known === text);
  if (state === undefined)
    throw new CliError("usage", `--state must be open or one of ${SESSION_STATES.join(", ")}.`);
  return [state];
}
