import type { QuotaResponse } from "@audiotricks/protocol/messages";
import type { QuotaQuestion } from "@audiotricks/storage";

/** Somebody who wants to hear of every change of a quota. */
export interface QuotaSubscriber {
  question: QuotaQuestion;
  /** What it has; it hears of nothing that is equal, and of nothing that was read before it. */
  known: string;
  onChange: (quota: string) => void;
  /** It may not see this any more, or nobody knows what is so now; it hears nothing further. */
  onGone: () => void;
}

export interface QuotaFeed {
  /** @returns Ends it; safe to repeat. */
  subscribe(subscriber: QuotaSubscriber): () => void;
}

export interface QuotaFeedOptions {
  /** One statement for all questions; `null` for one that its asker may not ask. */
  read: (questions: readonly QuotaQuestion[]) => Promise<(QuotaResponse | null)[]>;
  /** Between the end of one reading and the beginning of the next. */
  pollMs: number;
  /** When nothing has come for so long, nobody is left to believe that nothing changed. */
  staleMs: number;
  onFailure: (error: unknown) => void;
}

/** As it is sent and compared: equal quotas have equal texts. */
export function quotaText(quota: QuotaResponse): string {
  return JSON.stringify({ version: 1, ...quota });
}

/**
 * Reads the quotas of all subscribers again and again, in one statement for all of them, while there are any; rights are decided
 * anew by each. The only poller of a process.
 */
export function createQuotaFeed({ read, pollMs, staleMs, onFailure }: QuotaFeedOptions): QuotaFeed {
  const subscribers = new Set<QuotaSubscriber>();
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;
  let goodAt = 0;

  const drop = (subscriber: QuotaSubscriber) => {
    if (subscribers.delete(subscriber)) subscriber.onGone();
  };
  const tell = (subscriber: QuotaSubscriber, quota: string | null) => {
    // It may have left while this was read.
    if (!subscribers.has(subscriber)) return;
    if (quota === null) return drop(subscriber);
    if (quota === subscriber.known) return;
    subscriber.known = quota;
    subscriber.onChange(quota);
  };

  const poll = async () => {
    // Whoever comes while this is read has newer numbers already.
    const groups = [...Map.groupBy(subscribers, ({ question }) => keyOf(question)).values()];
    const questions = groups.flatMap(([first]) => (first === undefined ? [] : [first.question]));
    try {
      const answers = await withinMs(read(questions), goodAt + staleMs - performance.now());
      goodAt = performance.now();
      for (const [index, group] of groups.entries()) {
        const answer = answers[index] ?? null;
        const quota = answer === null ? null : quotaText(answer);
        for (const subscriber of group) tell(subscriber, quota);
      }
    } catch (error) {
      onFailure(error);
      if (performance.now() - goodAt >= staleMs) for (const subscriber of subscribers) drop(subscriber);
    }
  };
  const next = () => {
    if (timer !== undefined || isReading || subscribers.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      isReading = true;
      void poll().finally(() => {
        isReading = false;
        next();
      });
    }, pollMs);
    timer.unref();
  };

  return {
    subscribe: (subscriber) => {
      // Its own numbers were read a moment ago.
      if (subscribers.size === 0) goodAt = performance.now();
      subscribers.add(subscriber);
      next();
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
  };
}

function keyOf({ userId, workspaceId = "" }: QuotaQuestion): string {
  return `${userId} ${workspaceId}`.toLowerCase();
}

/** A database that hangs says nothing: its answer, if it ever comes, is nobody's any more. */
async function withinMs<T>(reading: Promise<T>, ms: number): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the quotas could not be read in time")), Math.max(0, ms));
  timer.unref();
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
