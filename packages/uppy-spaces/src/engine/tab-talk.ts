import type { Clock } from "./clock.ts";

/** Often enough to look alive; nobody is told who does not ask. */
const ASK_EVERY_MS = 1000;
/** Questions left without an answer after which whoever should answer counts as gone. Questions, not seconds: both may have been asleep. */
const MAX_UNANSWERED = 15;
/** How long the last word about a file is kept for tabs that come for it. */
const LAST_WORD_MS = 10_000;
/** And how long those wait for it: a tab that was closed says nothing. */
const LAST_WORD_WITHIN_MS = 200;

/** How far a file is in the tab that works on it. */
export interface TurnReport {
  /** `null` as long as the companion has not answered. */
  sessionId: string | null;
  /** `stopped`: it failed, and a person may try it again there. */
  state: "moving" | "paused" | "stopped";
  sentBytes: number;
  bytesPerSecond: number;
}

export interface Told extends TurnReport {
  name: string;
  /** See `sampleFile`; `null` where the question was not for it, or the file cannot be read. */
  sample: string | null;
}

export interface Answerer {
  report: () => TurnReport;
  sample: () => Promise<string>;
}

type TabMessage =
  | { type: "ask"; files: readonly { name: string; wantsSample: boolean }[] }
  | { type: "tell"; files: readonly Told[] }
  /** The tab is through with a file. */
  | { type: "over"; told: Told };

/** What is used of a `BroadcastChannel`. */
export interface TabChannel {
  postMessage: (message: unknown) => void;
  onmessage: ((event: MessageEvent) => void) | null;
  close: () => void;
}

/** Tabs of one browser ask one another how far a file is. A name stands for one file in one tab. */
export interface TabTalk {
  /** Answers for a file until the returned function is called, and a moment longer with what there was to say then. */
  answer: (name: string, answerer: Answerer) => () => void;
  /** Asks again and again. `onSilent`: nobody has answered for long. */
  watch: (name: string, onTold: (told: Told) => void, onSilent: () => void) => TabWatch;
  /** Calls back when another tab is through with a file, as long as this one attends, asks or answers for any. */
  onOver: (listener: (told: Told) => void) => void;
  /** Hears everything until the returned function is called, between one question and the next too. */
  attend: () => () => void;
}

export interface TabWatch {
  /** Asks at once and resolves with the answer, or without one soon. */
  ask: () => Promise<void>;
  stop: () => void;
}

interface Watch {
  onTold: (told: Told) => void;
  onSilent: () => void;
  hasSample: boolean;
  unanswered: number;
}

/** @param openChannel Called when there is something to ask or to answer for; the channel is closed when there no longer is. */
export function createTabTalk(clock: Clock, openChannel: () => TabChannel): TabTalk {
  const answerers = new Map<string, Answerer>();
  const listeners = new Set<(told: Told) => void>();
  const lastWords = new Map<string, TurnReport>();
  const watches = new Map<string, Watch>();
  let attending = 0;
  let channel: TabChannel | null = null;
  let stopAsking: (() => void) | null = null;

  const open = (): TabChannel => {
    if (channel !== null) return channel;
    channel = openChannel();
    channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      if (data.type === "ask") void tell(data.files);
      else if (data.type === "tell") for (const told of data.files) hear(told);
      else for (const listener of listeners) listener(data.told);
    };
    return channel;
  };
  const closeIfIdle = () => {
    if (attending + answerers.size + lastWords.size + watches.size > 0) return;
    channel?.close();
    channel = null;
  };

  const tell = async (asked: Extract<TabMessage, { type: "ask" }>["files"]) => {
    const files = await Promise.all(
      asked.map(async ({ name, wantsSample }): Promise<Told[]> => {
        const answerer = answerers.get(name);
        const lastWord = lastWords.get(name);
        if (answerer === undefined)
          return lastWord === undefined ? [] : [{ name, sample: null, ...lastWord }];
        const sample = wantsSample ? await answerer.sample().catch(() => null) : null;
        return [{ name, sample, ...answerer.report() }];
      }),
    );
    const told = files.flat();
    if (told.length > 0) channel?.postMessage({ type: "tell", files: told } satisfies TabMessage);
  };

  const hear = (told: Told) => {
    const watch = watches.get(told.name);
    if (watch === undefined) return;
    // One that cannot say which file it has is no better than one that says nothing.
    if (watch.hasSample || told.sample !== null) watch.unanswered = 0;
    watch.hasSample ||= told.sample !== null;
    watch.onTold(told);
  };

  const askAll = () => {
    stopAsking?.();
    stopAsking = watches.size === 0 ? null : clock.after(ASK_EVERY_MS, askAll);
    const files: { name: string; wantsSample: boolean }[] = [];
    for (const [name, watch] of watches) {
      if (watch.unanswered >= MAX_UNANSWERED) watch.onSilent();
      watch.unanswered += 1;
      files.push({ name, wantsSample: !watch.hasSample });
    }
    if (files.length > 0) open().postMessage({ type: "ask", files } satisfies TabMessage);
  };

  return {
    answer: (name, answerer) => {
      answerers.set(name, answerer);
      open();
      return () => {
        answerers.delete(name);
        const report = answerer.report();
        lastWords.set(name, report);
        const told = { name, sample: null, ...report };
        channel?.postMessage({ type: "over", told } satisfies TabMessage);
        clock.after(LAST_WORD_MS, () => {
          lastWords.delete(name);
          closeIfIdle();
        });
      };
    },
    onOver: (listener) => void listeners.add(listener),
    attend: () => {
      attending += 1;
      open();
      return () => {
        attending -= 1;
        closeIfIdle();
      };
    },
    watch: (name, onTold, onSilent) => {
      const watch = { onTold, onSilent, hasSample: false, unanswered: 0 };
      watches.set(name, watch);
      // Those that are watched from now on are asked for together.
      stopAsking?.();
      stopAsking = clock.after(0, askAll);
      return {
        ask: () =>
          new Promise((resolve) => {
            watch.onTold = (told) => {
              onTold(told);
              resolve();
            };
            const files = [{ name, wantsSample: false }];
            open().postMessage({ type: "ask", files } satisfies TabMessage);
            clock.after(LAST_WORD_WITHIN_MS, resolve);
          }),
        stop: () => {
          watches.delete(name);
          closeIfIdle();
        },
      };
    },
  };
}
