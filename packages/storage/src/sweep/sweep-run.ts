import { UploadError } from "@audiotricks/protocol";
import { mapConcurrently } from "../concurrency.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

/** One sweep under way. */
export interface SweepRun {
  context: StorageContext;
  report: SweepReport;
  /** Works on each, several at once; what fails is reported under its id and does not stop the others. */
  each: (ids: readonly string[], work: (id: string) => Promise<void>) => Promise<void>;
}

export function startSweepRun(context: StorageContext, signal: AbortSignal | undefined): SweepRun {
  const report: SweepReport = { sessionsAborted: 0, sessionsCompleted: 0, filesDeleted: 0, failures: [] };
  return {
    context,
    report,
    each: async (ids, work) => {
      await mapConcurrently(ids, context.settings.storeConcurrency, async (id) => {
        if (signal?.aborted) return;
        try {
          await work(id);
        } catch (error) {
          report.failures.push({ id, ...describe(error) });
        }
      });
    },
  };
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof UploadError) return { code: error.code, message: error.message };
  return { code: "internal", message: String(error) };
}
