import {
  DEFAULT_SETTINGS,
  type Finding,
  type ReconcileOptions,
  recordOperator,
  type Storage,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome, Site } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { readLimit } from "../read-scope.ts";
import { type Outcomes, openSecondLook, type SecondLook } from "../reconcile/delete-listed.ts";
import { countIn, describeTallies, isHarmless, type Tallies } from "../reconcile/tally.ts";
import { tellProgress } from "../reconcile/tell-progress.ts";
import { type ListedObject, readUnknownList, toLine } from "../reconcile/unknown-list.ts";
import { recordAround } from "../record-around.ts";

const SAMPLES = 5;
const GRACE_MS = DEFAULT_SETTINGS.unknownGraceMs;

export const reconcile: Command = {
  name: "reconcile",
  synopsis: "[--list | --delete-unknown LIST] [--limit N]",
  summary:
    "Walks every bucket beside its rows and tells where they disagree, with N samples of each finding. --list writes the objects that no row knows on stdout, one a line, and the report on stderr; --delete-unknown deletes those in that file (- is stdin) which are still unknown, unchanged and more than 3 days old.",
  options: { list: { type: "boolean" }, "delete-unknown": { type: "string" }, limit: { type: "string" } },
  needsStore: true,
  changes: (words) => (words.text("delete-unknown") === undefined ? undefined : { action: "deleteUnknown" }),
  run: async (site, words) => {
    const file = words.text("delete-unknown");
    const isList = words.has("list");
    if (isList && (file !== undefined || words.has("json")))
      throw new CliError(
        "usage",
        "--list has stdout for itself: use it without --delete-unknown and --json.",
      );
    const maxSamples = readLimit(words, SAMPLES);
    const { terminal } = site;
    const listed = file === undefined ? undefined : await readUnknownList(terminal.read(file));
    const look = listed && openSecondLook(listed, { graceMs: GRACE_MS, now: terminal.now });
    const storage = await openStorage(site);
    try {
      const onUnknown = isList ? (line: string) => terminal.write(line) : undefined;
      const onPage = words.has("json") ? undefined : tellProgress(terminal.say, terminal.now);
      return await walk(site, storage, { maxSamples, look, onUnknown, onPage });
    } finally {
      await storage.close();
    }
  },
};

async function walk(
  site: Site,
  storage: Storage,
  wishes: {
    maxSamples: number;
    look: SecondLook | undefined;
    onUnknown: ((line: string) => void | Promise<void>) | undefined;
    onPage: ReconcileOptions["onPage"];
  },
): Promise<Outcome> {
  const { maxSamples, look, onUnknown, onPage } = wishes;
  const { interrupted: signal } = site.terminal;
  const findings: Tallies = {};
  const onFinding = async (finding: Finding) => {
    countIn(findings, finding, maxSamples);
    if (finding.kind !== "unknown_object") return;
    look?.see(finding);
    await onUnknown?.(toLine(finding));
  };
  const { providers, objects, rows } = await storage.upkeep.reconcile({
    signal,
    onFinding,
    ...(onPage && { onPage }),
  });
  if (signal.aborted)
    throw new CliError("interrupted", `Stopped before the end${look ? ": nothing was deleted" : ""}.`);
  const action = "deleteUnknown" as const;
  const onDeleted = ([first, ...more]: ListedObject[]) =>
    recordOperator(site.db, site.by, {
      action,
      resourceId: first?.providerId,
      outcome: "done",
      change: { before: { objects: [first, ...more].map((gone) => gone?.object) } },
    });
  const deletion =
    look &&
    (await recordAround(
      site,
      { action },
      () => look.finish(storage, signal, onDeleted),
      (outcomes) => outcomes,
    ));
  const text = [
    `${objects} objects and ${rows} rows in ${providers} buckets.`,
    ...describeTallies(findings),
    ...(deletion === undefined ? [] : [describeOutcomes(deletion, signal.aborted)]),
  ].join("\n");
  const json = { providers, objects, rows, findings, ...(deletion && { deletion }) };
  if (signal.aborted) return { json, text, exitCode: EXIT.failed };
  const isWell = deletion === undefined ? isHarmless(findings) : isDone(deletion);
  return { json, text, exitCode: isWell ? EXIT.ok : EXIT.look, isAside: onUnknown !== undefined };
}

/** Whether nothing of the list is left. */
function isDone(outcomes: Outcomes): boolean {
  return Object.keys(outcomes).every((outcome) => ["deleted", "gone"].includes(outcome));
}

const OUTCOMES: Record<keyof Outcomes, string> = {
  deleted: "deleted",
  gone: "gone already",
  not_unknown: "gone, or known to a row by now",
  changed: "kept: not as listed any more",
  young: "kept: not yet 3 days old",
  known: "kept: known to a row by now",
  foreign: "kept: at a key that is never made here",
};

function describeOutcomes(outcomes: Outcomes, isInterrupted: boolean): string {
  const counts = (Object.keys(OUTCOMES) as (keyof Outcomes)[]).flatMap((outcome) => {
    const count = outcomes[outcome];
    return count === undefined ? [] : `${count} ${OUTCOMES[outcome]}`;
  });
  const head = isInterrupted ? "Stopped before the end of the list" : "Of the list";
  return `${head}: ${counts.join("; ") || "nothing"}.`;
}
