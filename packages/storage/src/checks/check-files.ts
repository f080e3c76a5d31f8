import { UploadError } from "@audiotricks/protocol";
import { checkScan } from "../scan/check-scan.ts";
import { ScannerUnavailable } from "../scan/scanner.ts";
import { checkSound } from "../sound/check-sound.ts";
import { SoundInspectionFailed } from "../sound/sound-inspector.ts";
import type { CheckReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { type CheckKind, type ClaimedCheck, claimCheck } from "./claim-check.ts";
import { dropIfGone, letCheckGo, putOffCheck } from "./settle-check.ts";

/** Files at once: of a scan, each keeps a few MiB. */
const LANES: Record<CheckKind, number> = { sound: 2, scan: 2 };
/** As many failures in a row say that it is the store or the scanner, not the file. */
const AWAY_AFTER = 4;

/**
 * Looks into what was stored: one round, until nothing is due, whoever is needed is away, or `signal` says to stop. Any number may run.
 * What a worker was at when it was killed another takes up; what was found twice is the same.
 */
export async function checkFiles(
  given: StorageContext,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<CheckReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: CheckReport = { inspected: 0, scanned: 0, quarantined: [], failures: [] };
  const kinds: CheckKind[] = context.scanning === undefined ? ["sound"] : ["sound", "scan"];
  const rounds = kinds.map((kind) => checkKind(context, kind, { report, signal }));
  const failed = (await Promise.allSettled(rounds)).find((round) => round.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return report;
}

async function checkKind(
  context: StorageContext,
  kind: CheckKind,
  { report, signal }: { report: CheckReport; signal: AbortSignal },
): Promise<void> {
  let failedInARow = 0;
  const next = () =>
    signal.aborted || failedInARow >= AWAY_AFTER ? Promise.resolve(undefined) : claimCheck(context, kind);

  async function lane(first?: ClaimedCheck): Promise<void> {
    for (let check = first ?? (await next()); check !== undefined; check = await next()) {
      try {
        await work(check);
        failedInARow = 0;
      } catch (error) {
        if (signal.aborted) return await letCheckGo(context, check);
        // Deleted while it was read.
        if (await dropIfGone(context, check)) continue;
        failedInARow++;
        const failure = describe(error);
        report.failures.push({ id: check.fileId, ...failure });
        await putOffCheck(context, check, failure.message);
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

  // Mostly there is nothing to do: that is one question, not one for each lane.
  const first = await next();
  if (first === undefined) return;
  const lanes = [lane(first), ...Array.from({ length: LANES[kind] - 1 }, () => lane())];
  const failed = (await Promise.allSettled(lanes)).find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** No byte of a file is in it. */
function describe(error: unknown): { code: string; message: string } {
  if (error instanceof ScannerUnavailable) {
    const { message, cause } = error;
    return {
      code: "scanner_unavailable",
      message: cause instanceof Error ? `${message}: ${cause.message}` : message,
    };
  }
  if (error instanceof SoundInspectionFailed) return { code: "inspection_failed", message: error.message };
  if (error instanceof UploadError) return { code: error.code, message: error.message };
  return { code: "internal", message: String(error) };
}
