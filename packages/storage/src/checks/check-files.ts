import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import { ProviderError } from "../providers/provider-error.ts";
import { StoreFailure } from "../s3/s3-failure.ts";
import { checkScan } from "../scan/check-scan.ts";
import { ScannerUnavailable } from "../scan/scanner.ts";
import { checkSound } from "../sound/check-sound.ts";
import {
  SoundInspectionFailed,
  SoundInspectorUnavailable,
  SoundStoreTooSlow,
} from "../sound/sound-inspector.ts";
import type { CheckReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { type CheckKind, type ClaimedCheck, claimCheck } from "./claim-check.ts";
import { dropIfGone, letCheckGo, putOffCheck, waitUntried } from "./settle-check.ts";

/** Files at once: of a scan, each keeps a few MiB. */
const LANES: Record<CheckKind, number> = { sound: 2, scan: 2 };
/** As many failures in a row that are neither a file's nor a store's say that it is the scanner, or this machine. */
const WE_ARE_AWAY_AFTER = 4;
/** Milliseconds after which lanes that have nothing look for what was stored meanwhile, as long as another has a file: it may have it for minutes. */
const LOOK_AGAIN_MS = 1_000;
/** Of stores that are away: as many files wait for them in one round without being tried. */
const MOST_WAITING = 200;

/**
 * Looks into what was stored: one round, until nothing is due and nothing is under way, the scanner or the inspector is away, or `signal` says
 * to stop. Any number may run.
 * What a worker was at when it was killed another takes up; what was found twice is the same.
 */
export async function checkFiles(
  given: StorageContext,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<CheckReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: CheckReport = { inspected: 0, scanned: 0, quarantined: [], failures: [] };
  const kinds: CheckKind[] = context.scanning === undefined ? ["sound"] : ["sound", "scan"];
  // Mostly there is nothing to do: that is one question of each kind, not one for each lane.
  const firsts = signal.aborted ? [] : await Promise.all(kinds.map((kind) => claimCheck(context, kind)));
  if (firsts.every((first) => first === undefined)) return report;
  const round: Round = { report, signal, lanesAtWork: 0, over: new AbortController() };
  const rounds = kinds.map((kind, index) => checkKind(context, kind, { round, first: firsts[index] }));
  const failed = (await Promise.allSettled(rounds)).find((round) => round.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return report;
}

interface Round {
  report: CheckReport;
  signal: AbortSignal;
  /** Of all kinds, from a file until there is none for it. */
  lanesAtWork: number;
  /** Aborted when there are none. */
  over: AbortController;
}

async function checkKind(
  context: StorageContext,
  kind: CheckKind,
  { round, first }: { round: Round; first: ClaimedCheck | undefined },
): Promise<void> {
  const { awayStores } = context;
  const { report, signal, over } = round;
  let [failedInARow, waiting] = [0, 0];
  const next = () =>
    signal.aborted || failedInARow >= WE_ARE_AWAY_AFTER || waiting >= MOST_WAITING
      ? Promise.resolve(undefined)
      : claimCheck(context, kind);

  const until = AbortSignal.any([signal, over.signal]);
  async function lane(given?: ClaimedCheck): Promise<void> {
    for (let check = given ?? (await next()); ; check = await next()) {
      if (check !== undefined) await whileAtWork(check);
      if (!until.aborted) await delay(LOOK_AGAIN_MS, undefined, { signal: until }).catch(() => undefined);
      if (until.aborted) return;
    }
  }
  async function whileAtWork(given: ClaimedCheck): Promise<void> {
    round.lanesAtWork++;
    try {
      await lookInto(given);
    } finally {
      round.lanesAtWork--;
      if (round.lanesAtWork === 0) over.abort();
    }
  }
  async function lookInto(given: ClaimedCheck): Promise<void> {
    for (let check: ClaimedCheck | undefined = given; check !== undefined; check = await next()) {
      if (awayStores.isAway(check.providerId)) {
        waiting++;
        if (!(await dropIfGone(context, check))) await waitUntried(context, check, "Its store is away.");
        continue;
      }
      try {
        await work(check);
        failedInARow = 0;
        awayStores.answered(check.providerId);
      } catch (error) {
        if (signal.aborted) return await letCheckGo(context, check);
        // Deleted while it was read.
        if (await dropIfGone(context, check)) continue;
        if (isOfStore(error)) awayStores.failed(check.providerId);
        else if (!isOfFile(error)) failedInARow++;
        const failure = describe(error);
        report.failures.push({ id: check.fileId, ...failure });
        const isTried = !(error instanceof SoundInspectorUnavailable);
        await (isTried ? putOffCheck : waitUntried)(context, check, failure.message);
      }
    }
  }
  async function work(check: ClaimedCheck): Promise<void> {
    const { scanning, inspector } = context;
    if (!check.isStored && (await dropIfGone(context, check))) return;
    if (kind === "sound") {
      await checkSound(context, inspector, check, signal);
      report.inspected++;
    } else if (scanning !== undefined) {
      const verdict = await checkScan(context, scanning, check, signal);
      report.scanned++;
      if (verdict !== undefined) report.quarantined.push({ id: check.fileId, verdict });
    }
  }

  const lanes = [lane(first), ...Array.from({ length: LANES[kind] - 1 }, () => lane())];
  const failed = (await Promise.allSettled(lanes)).find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function isOfStore(error: unknown): boolean {
  return (
    error instanceof SoundStoreTooSlow ||
    error instanceof ProviderError ||
    (error instanceof UploadError && error.cause instanceof StoreFailure)
  );
}

function isOfFile(error: unknown): boolean {
  return error instanceof SoundInspectionFailed || error instanceof UploadError;
}

/** No byte of a file is in it. */
function describe(error: unknown): { code: string; message: string } {
  if (error instanceof ScannerUnavailable || error instanceof SoundInspectorUnavailable) {
    const { message, cause } = error;
    return {
      code: error instanceof ScannerUnavailable ? "scanner_unavailable" : "inspector_unavailable",
      message: cause instanceof Error ? `${message}: ${cause.message}` : message,
    };
  }
  if (error instanceof SoundStoreTooSlow) return { code: "storage_unavailable", message: error.message };
  if (error instanceof SoundInspectionFailed) return { code: "inspection_failed", message: error.message };
  if (error instanceof UploadError) return { code: error.code, message: error.message };
  return { code: "internal", message: String(error) };
}
