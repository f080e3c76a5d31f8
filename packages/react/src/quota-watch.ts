import type { QuotaResponse, QuotaScope } from "@audiotricks/protocol/messages";
import { onChange } from "./change-signal.ts";
import type { Demand } from "./fit-in-order.ts";
import { gather } from "./gather.ts";

/** However much changes, this many milliseconds lie between two readings that nobody waits for. */
const PACE_MS = 1000;
/** Whoever waits for numbers waits no longer than this, in milliseconds. */
const ANSWER_WITHIN_MS = 3000;

/** One answer of the companion. */
export interface QuotaReading {
  quotas: readonly QuotaScope[];
  /** What was going to be reserved when it was asked for. */
  taken: Demand;
  /** When it came, by `performance.now()`. */
  at: number;
}

/** The quota of where files go, as it was read last: at the start, when something has changed, and when somebody asks. */
export interface QuotaWatch {
  latest: () => QuotaReading | null;
  /** Reads it now, once for all who ask meanwhile; `null` where no answer comes in time. */
  ask: () => Promise<QuotaReading | null>;
  /** Files go elsewhere now: what is known is of another workspace. */
  restart: () => void;
  stop: () => void;
}

export function watchQuota(options: {
  companionUrl: string;
  read: (signal: AbortSignal) => Promise<QuotaResponse>;
  /** What files of this page will take of which the companion knows nothing yet. */
  taken: () => Demand;
  /** Called with every answer, before those who asked have it. */
  onReading: (reading: QuotaReading) => void;
  /** Whether whoever wants to know hears of changes anyway: then only those read who ask. */
  isTold: () => boolean;
}): QuotaWatch {
  let latest: QuotaReading | null = null;
  let asking: Promise<QuotaReading | null> | null = null;
  let life = new AbortController();
  let isStopped = false;

  const readOnce = async (life: AbortSignal): Promise<QuotaReading | null> => {
    const taken = options.taken();
    const reading = new AbortController();
    const end = () => reading.abort();
    life.addEventListener("abort", end, { once: true });
    const timer = setTimeout(end, ANSWER_WITHIN_MS);
    // A host's token may be slow to come too, and does not hear of signals.
    const ended = new Promise<null>((resolve) => {
      reading.signal.addEventListener("abort", () => resolve(null), { once: true });
    });
    // Signed out or offline: the companion judges every file anyway, when it is its turn.
    const answer = await Promise.race([options.read(reading.signal).catch(() => null), ended]);
    clearTimeout(timer);
    life.removeEventListener("abort", end);
    if (answer === null || life.aborted) return null;
    latest = { quotas: answer.quotas, taken, at: performance.now() };
    options.onReading(latest);
    return latest;
  };

  const ask = (): Promise<QuotaReading | null> => {
    if (isStopped) return Promise.resolve(null);
    if (asking !== null) return asking;
    const current = readOnce(life.signal).finally(() => {
      if (asking === current) asking = null;
    });
    asking = current;
    return current;
  };

  const soon = gather(() => {
    if (!options.isTold()) void ask();
  }, PACE_MS);
  const endListening = onChange(options.companionUrl, soon.call);
  const leaving = new AbortController();
  if (typeof document !== "undefined") {
    const whenVisible = () => {
      if (document.visibilityState === "visible") soon.call();
    };
    document.addEventListener("visibilitychange", whenVisible, { signal: leaving.signal });
  }

  const forget = () => {
    life.abort();
    life = new AbortController();
    latest = null;
    asking = null;
  };
  return {
    latest: () => latest,
    ask,
    restart: () => {
      forget();
      void ask();
    },
    stop: () => {
      isStopped = true;
      forget();
      soon.stop();
      endListening();
      leaving.abort();
    },
  };
}
