import { MEMORY_PREFIX } from "../page-memory.ts";
import type { Clock } from "./clock.ts";
import { type Fingerprint, fingerprintKey } from "./session-store.ts";
import type { Answerer, TabTalk, Told, TurnReport } from "./tab-talk.ts";

/** Reports after which it is worth a request to make sure that what is waited for is this user's. */
const REPORTS_BEFORE_ASKING = 3;

/** Locks are given back by another way than words are passed on. */
const LAST_WORD_LATE_MS = 50;

/** More than any drop that a browser takes. */
const MAX_COMPLETED = 20_000;

/** A file that wants to be worked on. */
export interface TurnWish extends Answerer {
  fingerprint: Fingerprint;
  /** When a person wished for it, on the engine's clock. */
  since: number;
  /** Another tab has this very file, and this is how far it is. Called again and again. */
  onElsewhere: (report: TurnReport) => void;
  /** Whether the session is this user's: two people may be signed in in two tabs. */
  isOurs: (sessionId: string) => Promise<boolean>;
  /** Ends the waiting. */
  signal: AbortSignal;
}

export interface Turn {
  /** In which the tab was working, or that it completed, which had the file before; `null` if there was none, or it was cancelled. */
  sessionId: string | null;
  /** Lets other tabs go on with the file. */
  release: () => void;
}

/**
 * One tab of a browser at a time works on a file. A tab holds a Web Lock for each of its files, named after the file's fingerprint,
 * so that the browser gives the turn on when it closes, crashes or is killed. Files that look alike in one tab are that tab's own
 * business: nobody picks one file twice in one go.
 */
export interface FileTurns {
  /** Waits while another tab has the same file. Rejects with the signal's reason. */
  take: (wish: TurnWish) => Promise<Turn>;
}

/** A session to go on with, and since when that is known. */
interface News {
  sessionId: string | null;
  at: number;
}

type Entered = { busy: string } | { name: string; release: () => void };

interface Visitor {
  prefix: string;
  /** Other tabs' locks for files that look like this one and are not. */
  others: ReadonlySet<string>;
  resolve: (entered: Entered) => void;
}

/** @param randomId Tells apart the locks of files that look alike. */
export function createFileTurns(options: {
  storeName: string;
  locks: Pick<LockManager, "request" | "query">;
  talk: TabTalk;
  clock: Clock;
  randomId: () => string;
}): FileTurns {
  const { locks, talk, clock, randomId } = options;
  const scope = `${MEMORY_PREFIX}${encodeURIComponent(options.storeName)}/`;
  const own = new Set<string>();
  let visitors: Visitor[] = [];
  /** Files that other tabs completed, the newest last. Of one drop in two tabs, a file may be through before its turn comes here. */
  const completed = new Map<string, News>();
  talk.onOver(({ name, sessionId }) => {
    if (sessionId === null) return;
    const prefix = name.slice(0, name.lastIndexOf("/") + 1);
    completed.delete(prefix);
    completed.set(prefix, { sessionId, at: clock.now() });
    const [oldest] = completed.keys();
    if (completed.size > MAX_COMPLETED && oldest !== undefined) completed.delete(oldest);
  });

  /** Takes the file's lock unless another tab has one for such a file. */
  const enter = (prefix: string, others: ReadonlySet<string>): Promise<Entered> =>
    new Promise((resolve) => {
      visitors.push({ prefix, others, resolve });
      if (visitors.length === 1) void openDoor();
    });

  /** Looking and taking is one step for one tab at a time: else two that begin together would wait for each other. */
  const openDoor = async () => {
    let batch: Visitor[] = [];
    try {
      await locks.request(`${scope}door`, async () => {
        batch = visitors;
        visitors = [];
        const { held = [] } = await locks.query();
        const theirs = held.flatMap(({ name }) => (name === undefined || own.has(name) ? [] : [name]));
        await Promise.all(
          batch.map(async ({ prefix, others, resolve }) => {
            const busy = theirs.find((name) => name.startsWith(prefix) && !others.has(name));
            resolve(busy === undefined ? await hold(`${prefix}${randomId()}`) : { busy });
          }),
        );
      });
    } catch {
      // Locks can be refused altogether (an opaque origin): then every tab is on its own.
      const everybody = [...batch, ...visitors];
      visitors = [];
      for (const { prefix, resolve } of everybody) resolve({ name: prefix, release: () => {} });
    }
  };

  const hold = (name: string): Promise<Entered> =>
    new Promise((resolve, reject) => {
      const { promise: untilReleased, resolve: free } = Promise.withResolvers<void>();
      own.add(name);
      locks
        .request(name, () => {
          resolve({ name, release: free });
          return untilReleased;
        })
        .catch(reject)
        // The browser takes a moment, in which it is no other tab's.
        .finally(() => own.delete(name));
    });

  /** Waits until a lock is free, or until it is clear that it is not for this file. */
  const follow = async (name: string, wish: TurnWish): Promise<{ isOther: boolean } & News> => {
    const { sample, isOurs, onElsewhere } = wish;
    const { promise: untilOther, resolve: isOther } = Promise.withResolvers<"other">();
    const following = new AbortController();
    const signal = AbortSignal.any([wish.signal, following.signal]);
    let sessionId: string | null = null;
    let isSame = false;
    let reports = 0;
    let isAsked = false;
    const onTold = async (told: Told) => {
      sessionId = told.sessionId;
      if (!isSame && told.sample !== null) {
        const ours = await sample().catch(() => null);
        if (ours !== told.sample) return isOther("other");
        isSame = true;
      }
      if (!isSame || signal.aborted) return;
      onElsewhere(told);
      reports += 1;
      if (reports < REPORTS_BEFORE_ASKING || sessionId === null || isAsked) return;
      isAsked = true;
      if (!(await isOurs(sessionId))) isOther("other");
    };
    const watch = talk.watch(
      name,
      (told) => void onTold(told),
      () => isOther("other"),
    );
    try {
      const untilFree = locks.request(name, { signal }, () => "free" as const);
      const outcome = await Promise.race([untilFree, untilOther]);
      const at = clock.now();
      // How it ended there may be later news than what was heard.
      if (outcome === "free") await watch.ask();
      return { isOther: outcome === "other", sessionId, at };
    } finally {
      watch.stop();
      following.abort(NO_LONGER);
    }
  };

  return {
    take: async (wish) => {
      const prefix = `${scope}file/${fingerprintKey(wish.fingerprint)}/`;
      const others = new Set<string>();
      let hasWaited = false;
      let news: News = { sessionId: null, at: wish.since };
      // Whoever is faster may be through while this one is between two looks.
      const leave = talk.attend();
      try {
        for (;;) {
          const entered = await enter(prefix, others);
          if ("name" in entered) {
            // A third tab may have been faster than this one, and come to an end: its last word may still be on its way.
            if (hasWaited) await new Promise<void>((resolve) => void clock.after(LAST_WORD_LATE_MS, resolve));
            if (wish.signal.aborted) entered.release();
            wish.signal.throwIfAborted();
            const stopAnswering = talk.answer(entered.name, wish);
            const release = () => {
              stopAnswering();
              entered.release();
            };
            const through = completed.get(prefix);
            const { sessionId } = through !== undefined && through.at >= news.at ? through : news;
            return { sessionId, release };
          }
          wish.signal.throwIfAborted();
          hasWaited = true;
          const { isOther, ...heard } = await follow(entered.busy, wish);
          if (isOther) others.add(entered.busy);
          else news = heard;
        }
      } finally {
        leave();
      }
    },
  };
}

const NO_LONGER = new DOMException("No longer wanted", "AbortError");

/** Where the browser has no locks, and for a page that is alone. */
export const freeTurns: FileTurns = {
  take: async () => ({ sessionId: null, release: () => {} }),
};
