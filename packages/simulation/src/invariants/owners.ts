import type { Snapshot } from "../site/snapshot.ts";
import { COUNTED, type Invariant } from "./truth.ts";

interface Owned {
  user_id: string | null;
  workspace_id: string | null;
  former_user: string | null;
  former_workspace: string | null;
}

/** Of whom nobody is left who could keep it: its workspace is gone, or it has none and its user is. */
export function isOrphan({ users, workspaces }: Snapshot, file: Owned): boolean {
  return file.former_workspace === null
    ? !users.includes(file.former_user ?? "")
    : !workspaces.includes(file.former_workspace);
}

/**
 * 16: a row belongs to whom it was born to as long as they are there, and it goes on saying who that was; what nobody is
 * left of goes, and nothing else: a user's files in a workspace stay with it.
 */
export const owners: Invariant = ({ now, before, ledger }) => {
  const wrongs: string[] = [];
  const [users, workspaces] = [new Set(now.users), new Set(now.workspaces)];
  const archives = new Map(
    now.exports.flatMap((one) => [[one.file, one] as const, [one.session, one] as const]),
  );
  const of = (what: string, row: Owned & { id: string }) => {
    const isNobodys = archives.get(row.id)?.kind === "user-data";
    const user = !isNobodys && users.has(row.former_user ?? "") ? row.former_user : null;
    const workspace = workspaces.has(row.former_workspace ?? "") ? row.former_workspace : null;
    if (row.user_id !== user || row.workspace_id !== workspace) {
      wrongs.push(
        `16: ${what} was born to ${row.former_user}/${row.former_workspace}, and is of ${row.user_id}/${row.workspace_id}`,
      );
    }
  };
  const files = new Map(now.files.map((file) => [file.id, file]));
  const earlier = new Map(before?.files.map((file) => [file.id, file]));
  for (const session of now.sessions) of(`session ${session.id}`, session);
  for (const file of now.files) {
    of(`file ${file.id}`, file);
    const was = earlier.get(file.id);
    if (
      was !== undefined &&
      (was.former_user !== file.former_user || was.former_workspace !== file.former_workspace)
    )
      wrongs.push(`16: file ${file.id} no longer says to whom it was born`);
    const parent = file.derived_from === null ? undefined : files.get(file.derived_from);
    // To whom it belonged then: one that is completed after its workspace went is its user's until it is swept.
    if (
      parent !== undefined &&
      was === undefined &&
      (parent.user_id !== file.former_user || parent.workspace_id !== file.former_workspace)
    )
      wrongs.push(`18: file ${file.id} is made of ${parent.id}, and of somebody else`);

    const hasNoReason = isOrphan(now, file) || (parent !== undefined && !COUNTED.includes(parent.status));
    // What was being completed meanwhile is taken away by the next sweep, unless the host has set another time since.
    const goesSoon = file.expired || ledger.mayExpire.has(file.id);
    if (hasNoReason && COUNTED.includes(file.status) && !goesSoon)
      wrongs.push(`16: file ${file.id} is ${file.status}, though its owner or what it is made of is gone`);
    const goes = COUNTED.includes(was?.status ?? "") && !COUNTED.includes(file.status);
    const isDeleteAsked =
      ledger.byFile.get(file.id)?.isDeleteAsked === true ||
      ledger.groups.isDropped(file) ||
      ledger.exports.ofFile(file.id)?.isCancelAsked === true;
    if (goes && !hasNoReason && !file.expired && !isDeleteAsked)
      wrongs.push(`16: file ${file.id} is ${file.status}; nobody asked for that, and its owner is there`);
    // The time of an archive is held against that of its export.
    if (archives.has(file.id)) continue;
    // By an export's own week, or because somebody set another time.
    if (file.expired && !hasNoReason && file.kind !== "export_file" && !ledger.mayExpire.has(file.id))
      wrongs.push(`18: file ${file.id} expires, though nobody asked for that`);
    if (
      file.expired &&
      file.kind === "export_file" &&
      file.age_days < 7 &&
      !hasNoReason &&
      !ledger.mayExpire.has(file.id)
    )
      wrongs.push(`18: export ${file.id} expires after ${file.age_days} days`);
  }
  return wrongs;
};
