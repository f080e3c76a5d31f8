import type { Counter, Snapshot } from "../site/snapshot.ts";
import { COUNTED, type Invariant, OPEN } from "./truth.ts";

/** 3 and 4: counters are the sums of their rows, and no reservation goes above a limit. */
export const counters: Invariant = ({ now, before }) => {
  const wrongs: string[] = [];
  const known = new Map(now.counters.map((counter) => [`${counter.scope} ${counter.id}`, counter]));
  for (const [name, sum] of sumUp(now)) {
    const { used, reserved, used_files: files, reserved_files: open } = known.get(name) ?? NOTHING;
    known.delete(name);
    const counted = `${used}/${files} used, ${reserved}/${open} reserved`;
    const real = `${sum.used}/${sum.used_files} used, ${sum.reserved}/${sum.reserved_files} reserved`;
    if (counted !== real) wrongs.push(`4: ${name} is counted as ${counted}, and is ${real}`);
  }
  for (const [name, { used, reserved, used_files: files, reserved_files: open }] of known) {
    if (used + reserved + files + open !== 0)
      wrongs.push(`4: ${name} has nothing, but ${used} and ${reserved} counted`);
  }
  for (const counter of now.counters) {
    const earlier = before?.counters.find(({ scope, id }) => scope === counter.scope && id === counter.id);
    const bytes = counter.used + counter.reserved;
    const files = counter.used_files + counter.reserved_files;
    // A limit that was lowered leaves what there is; nothing may come to it, but for what came before it within this same look.
    const maxBytes = Math.max(counter.max_bytes ?? Infinity, limitBefore(earlier?.max_bytes));
    const maxFiles = Math.max(counter.max_files ?? Infinity, limitBefore(earlier?.max_files));
    if (bytes > Math.max(maxBytes, total(earlier).bytes)) {
      wrongs.push(`3: ${counter.scope} ${counter.id} has ${bytes} bytes of ${counter.max_bytes}`);
    }
    if (files > Math.max(maxFiles, total(earlier).files)) {
      wrongs.push(`3: ${counter.scope} ${counter.id} has ${files} files of ${counter.max_files}`);
    }
  }
  return wrongs;
};

type Sums = Pick<Counter, "used" | "reserved" | "used_files" | "reserved_files">;
const NOTHING: Sums = { used: 0, reserved: 0, used_files: 0, reserved_files: 0 };

/** `null` is no limit; of whom nothing was known before, none is known either. */
function limitBefore(limit: number | null | undefined): number {
  return limit === undefined ? 0 : (limit ?? Infinity);
}

function total(counter: Counter | undefined): { bytes: number; files: number } {
  const { used, reserved, used_files: files, reserved_files: open } = counter ?? NOTHING;
  return { bytes: used + reserved, files: files + open };
}

function sumUp({ files, sessions }: Snapshot): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  const add = (row: { user_id: string | null; workspace_id: string | null }, more: Partial<Sums>) => {
    for (const [scope, id] of [
      ["user", row.user_id],
      ["workspace", row.workspace_id],
    ] as const) {
      if (id === null) continue;
      const sum = sums.get(`${scope} ${id}`) ?? { ...NOTHING };
      for (const name of Object.keys(NOTHING) as (keyof Sums)[]) sum[name] += more[name] ?? 0;
      sums.set(`${scope} ${id}`, sum);
    }
  };
  for (const file of files) if (COUNTED.includes(file.status)) add(file, { used: file.size, used_files: 1 });
  for (const session of sessions) {
    if (OPEN.includes(session.status ?? "")) add(session, { reserved: session.size, reserved_files: 1 });
  }
  return sums;
}
