import type { DeletionOutcome, Finding, Upkeep } from "@audiotricks/storage";
import { createUnknownList, type UnknownList } from "./unknown-list.ts";

/** What is as it should be, or nobody's business here. */
const HARMLESS: Finding["kind"][] = ["foreign_object", "foreign_upload", "ended_object"];

export interface ReconcileWishes {
  /** `true` asks for the word of the list; the word itself confirms it. */
  deleteUnknown: boolean | string;
  /** A line of the report: one JSON value. */
  write: (line: string) => void;
  /** A sentence for whoever runs it. */
  say: (sentence: string) => void;
  signal: AbortSignal;
}

/**
 * One reconciliation with its report, and, if the list was confirmed, the deletion of what no row knows.
 *
 * @returns Exit code: 0 if all is well, 2 if a person should look, 1 if what was asked for was not done.
 */
export async function runReconcile(
  storage: { upkeep: Pick<Upkeep, "reconcile" | "deleteUnknownObject"> },
  { deleteUnknown, write, say, signal }: ReconcileWishes,
): Promise<0 | 1 | 2> {
  await using unknown = await createUnknownList();
  const report = await storage.upkeep.reconcile({
    signal,
    onFinding: async (finding) => {
      write(JSON.stringify(finding));
      if (finding.kind === "unknown_object") await unknown.add(finding);
    },
  });
  if (signal.aborted) {
    say("Stopped before the end.");
    return 1;
  }
  write(JSON.stringify({ kind: "report", ...report }));
  const kinds = Object.keys(report.findings) as Finding["kind"][];
  const toLookAt = kinds.filter((kind) => !HARMLESS.includes(kind));
  say(
    `${report.objects} objects and ${report.rows} rows in ${report.providers} buckets. ${describe(report.findings)}`,
  );
  if (unknown.count === 0 || deleteUnknown === false) return toLookAt.length === 0 ? 0 : 2;

  const word = await unknown.word();
  const what = `${unknown.count} objects (${unknown.size} bytes) that no row knows`;
  if (deleteUnknown !== word) {
    if (deleteUnknown !== true)
      say(`The list is not the one that ${deleteUnknown} stands for: nothing was deleted.`);
    say(`There are ${what}. Once you have read the list, --delete-unknown=${word} deletes exactly these.`);
    return deleteUnknown === true ? 2 : 1;
  }
  const outcomes = await deleteAll(storage, unknown, signal);
  write(JSON.stringify({ kind: "deletion", ...outcomes }));
  say(`Of ${what}: ${describe(outcomes)}`);
  return signal.aborted ? 1 : 0;
}

async function deleteAll(
  storage: { upkeep: Pick<Upkeep, "deleteUnknownObject"> },
  unknown: UnknownList,
  signal: AbortSignal,
): Promise<Partial<Record<DeletionOutcome, number>>> {
  const outcomes: Partial<Record<DeletionOutcome, number>> = {};
  for await (const listed of unknown.read()) {
    if (signal.aborted) break;
    const outcome = await storage.upkeep.deleteUnknownObject(listed);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

function describe(counts: Record<string, number | undefined>): string {
  const entries = Object.entries(counts).map(([kind, count]) => `${count} ${kind.replaceAll("_", " ")}`);
  return entries.length === 0 ? "They agree." : `${entries.join(", ")}.`;
}
