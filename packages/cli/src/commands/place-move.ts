import { cancelMove, listMoves, startMove } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readId } from "../read-words.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";
import { readWhileDown } from "./place.ts";

export const placeMove: Command = {
  name: "place move",
  synopsis: "--workspace ID --provider ID [--while-down elsewhere|wait]",
  summary:
    "Makes a bucket the workspace's home and moves there what it has: copied, compared, then read there, and later gone from where it was. Servers do it; see place moves.",
  options: {
    workspace: { type: "string" },
    provider: { type: "string" },
    "while-down": { type: "string" },
  },
  changes: (words) => {
    const resourceId = readId(words, "workspace");
    return resourceId === undefined ? undefined : { action: "startMove", resourceId };
  },
  run: async ({ db, by }, words) => {
    const workspaceId = readId(words, "workspace");
    const providerId = readId(words, "provider");
    if (workspaceId === undefined || providerId === undefined)
      throw new CliError("usage", "Give --workspace ID and --provider ID.");
    const moveId = await startMove(db, workspaceId, { providerId, whileDown: readWhileDown(words) }, by);
    return { json: { workspaceId, moveId }, text: `Move ${moveId} has begun: see place moves.` };
  },
};

export const placeMoves: Command = {
  name: "place moves",
  synopsis: "",
  summary: "Workspaces whose files move to another bucket, the newest first, and how far that is.",
  options: {},
  run: async ({ db }) => {
    const moves = await listMoves(db);
    const rows = moves.map((move) => [
      move.id,
      move.workspaceId,
      move.providerId,
      move.state,
      `${move.moved} (${formatSize(move.movedBytes)})`,
      String(move.waiting),
      move.error === null ? String(move.failed) : `${move.failed}: ${move.error.message}`,
      String(move.toClear),
    ]);
    const head = ["MOVE", "WORKSPACE", "TO", "STATE", "MOVED", "WAITING", "FAILED", "OLD OBJECTS"];
    return { json: { moves }, text: moves.length === 0 ? "Nothing moves." : textTable(head, rows) };
  },
};

export const placeCancel: Command = {
  name: "place cancel",
  synopsis: "MOVE",
  summary:
    "What has moved stays where it is now; what has not stays where it was. The workspace's home stays as it is.",
  options: {},
  takesId: true,
  // The log has the workspace, which the move's id does not tell.
  changes: () => ({ action: "cancelMove", resourceId: undefined }),
  run: async ({ db, by }, words) => {
    const moveId = words.id();
    await cancelMove(db, moveId, by);
    return { json: { moveId, state: "cancelled" }, text: `Move ${moveId} is cancelled.` };
  },
};
