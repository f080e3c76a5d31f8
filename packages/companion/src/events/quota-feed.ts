import type { FilesEvent, QuotaResponse } from "@audiotricks/protocol/messages";
import type { QuotaQuestion, Standing } from "@audiotricks/storage";

/** As events are sent and compared: what is equal has equal texts. */
export type EventTexts = Readonly<Record<"quota" | "files", string>>;

/** Somebody who wants to hear of every change of a quota, and of how far files are. */
export interface QuotaSubscriber {
  question: QuotaQuestion;
  /** What it has; it hears of nothing that is equal, and of nothing that was read before it. */
  known: Partial<EventTexts>;
  onChange: (event: keyof EventTexts, text: string) => void;
  /** It may not see this any more, or nobody knows what is so now; it hears nothing further. */
  onGone: () => void;
}

export interface QuotaFeed {
  /** @returns Ends it; safe to repeat. */
  subscribe(subscriber: QuotaSubscriber): () => void;
}

export interface QuotaFeedOptions {
  /** One statement for all questions; `null` for one that its asker may not ask. */
  read: (questions: readonly QuotaQuestion[]) => Promise<(Standing | null)[]>;
  /** Between the end of one reading and the beginning of the next. */
  pollMs: number;
  /** When nothing has come for so long, nobody is left to believe that nothing changed. */
  staleMs: number;
  onFailure: (error: unknown) => void;
}

export function quotaText({ quotas }: QuotaResponse): string {
  return JSON.stringify({ version: 1, quotas });
}

function textsOf(standing: Standing): EventTexts {
  const event: FilesEvent = { version: 1, files: standing.files };
  return { quota: quotaText(standing), files: JSON.stringify(event) };
}

/**
 * Reads the standings of all subscribers again and again, in one statement for all of them, while there are any; rights are decided
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
  const tell = (subscriber: QuotaSubscriber, texts: EventTexts | null) => {
    // It may have left while this was read.
    if (!subscribers.has(subscriber)) return;
    if (texts === null) return drop(subscriber);
    const { known } = subscriber;
    subscriber.known = texts;
    for (const event of ["quota", "files"] as const)
      if (texts[event] !== known[event]) subscriber.onChange(event, texts[event]);
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
        const texts = answer === null ? null : textsOf(answer);
        for (const subscriber of group) tell(subscriber, texts);
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
  const timer = setTimeout(() => reject(new Error("what is so could not be read in time")), Math.max(0, ms));
  timer.unref();
  try {
    return await Promise.race([reading, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
