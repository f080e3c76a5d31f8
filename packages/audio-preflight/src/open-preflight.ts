import type { AudioFacts } from "./audio-facts.ts";
import type { Answer, FromWorker, Question } from "./preflight-messages.ts";

/** A worker that has not begun by then is not going to. */
const WORKER_START_MS = 10_000;
/** A worker that says nothing for so long, beyond what its files may take, is caught in one of them. It may have code to load. */
const HUNG_AFTER_MS = 10_000;
/** Workers that were caught, after which no file is looked into any more. */
const MAX_HUNG = 5;
/** Nobody asks: the worker ends, and its memory with it. */
const IDLE_MS = 30_000;

/** Looks into files off the page. No function of it rejects. */
export interface Preflight {
  /**
   * Facts of these files, in their order; `null` for one that cannot be read, or not in time.
   *
   * @param timeLimitMs Milliseconds for each file.
   */
  facts: (files: readonly Blob[], timeLimitMs: number) => Promise<readonly (AudioFacts | null)[]>;
  /**
   * The cover in a file, as a square of `side` pixels; `null` where there is none to show.
   *
   * @param maxBytes Most bytes that are read for it.
   */
  cover: (file: Blob, options: { maxBytes: number; side: number }) => Promise<ImageBitmap | null>;
  /** What was asked and not answered is answered with `null`. */
  close: () => void;
}

interface Waiting {
  question: Question;
  answer: (answer: Answer) => void;
}

/** Opens a worker when there is something to look into. Where the browser has none, or the bundle lost its file, the page looks itself. */
export function openPreflight(
  options: {
    openWorker?: () => Worker;
    loadHere?: () => Promise<typeof import("./answer-question.ts")>;
  } = {},
): Preflight {
  const { openWorker = preflightWorker, loadHere = () => import("./answer-question.ts") } = options;
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let worker: Worker | null = null;
  let isReady = false;
  let hung = 0;
  let place: "worker" | "page" | "nowhere" = typeof Worker === "undefined" ? "page" : "worker";
  let timer: ReturnType<typeof setTimeout> | undefined;

  const endWorker = () => {
    clearTimeout(timer);
    worker?.terminate();
    worker = null;
    isReady = false;
  };

  const tell = (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    asked?.answer(answer);
  };

  /** Nobody is going to answer. */
  const giveUp = () => {
    place = "nowhere";
    endWorker();
    for (const { question } of waiting.values()) tell(nothingTo(question));
  };

  const askHere = async (questions: readonly Question[]) => {
    try {
      const { answerQuestion } = await loadHere();
      for (const question of questions) {
        if (waiting.has(question.id)) tell(await answerQuestion(question));
      }
    } catch {
      // A page without a network has neither: with the next file, both are tried again.
      if (place === "page") place = typeof Worker === "undefined" ? "page" : "worker";
      for (const question of questions) tell(nothingTo(question));
    }
  };

  const moveHere = () => {
    if (place !== "worker") return;
    place = "page";
    endWorker();
    void askHere(Array.from(waiting.values(), ({ question }) => question));
  };

  /** As long as there is something to answer, something has to be heard. */
  const listen = () => {
    clearTimeout(timer);
    if (!isReady) {
      timer = setTimeout(moveHere, WORKER_START_MS);
      return;
    }
    const [oldest] = waiting.values();
    timer =
      oldest === undefined
        ? setTimeout(endWorker, IDLE_MS)
        : setTimeout(() => isCaught(oldest), timeOf(oldest.question) + HUNG_AFTER_MS);
  };

  /** What it is caught in gets no answer; the rest is asked of another one. */
  const isCaught = ({ question }: Waiting) => {
    endWorker();
    hung += 1;
    tell(nothingTo(question));
    if (hung >= MAX_HUNG) giveUp();
    else if (waiting.size > 0) start();
  };

  const start = () => {
    try {
      const opened = openWorker();
      worker = opened;
      opened.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (worker !== opened) return;
        if ("ready" in data) {
          isReady = true;
          for (const { question } of waiting.values()) opened.postMessage(question);
        } else tell(data);
        listen();
      };
      opened.onerror = (event) => {
        event.preventDefault();
        const [oldest] = waiting.values();
        if (worker !== opened) return;
        if (!isReady) moveHere();
        else if (oldest !== undefined) isCaught(oldest);
      };
      listen();
    } catch {
      moveHere();
    }
  };

  const ask = (question: Question): Promise<Answer> => {
    if (place === "nowhere") return Promise.resolve(nothingTo(question));
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(question.id, { question, answer: resolve });
    if (place === "page") void askHere([question]);
    else if (worker === null) start();
    else if (isReady) {
      worker.postMessage(question);
      // While it is awaited anyway, another question is no sign of life.
      if (waiting.size === 1) listen();
    }
    return promise;
  };

  return {
    facts: async (files, timeLimitMs) => {
      count += 1;
      const answer = await ask({ id: count, ask: "facts", files, timeLimitMs });
      return "facts" in answer ? answer.facts : files.map(() => null);
    },
    cover: async (file, { maxBytes, side }) => {
      count += 1;
      const answer = await ask({ id: count, ask: "cover", file, maxBytes, side });
      return "cover" in answer ? answer.cover : null;
    },
    close: giveUp,
  };
}

function nothingTo(question: Question): Answer {
  const { id } = question;
  return question.ask === "facts" ? { id, facts: question.files.map(() => null) } : { id, cover: null };
}

/** What a question may take at most, in milliseconds. Files are looked into four at a time. */
function timeOf(question: Question): number {
  return question.ask === "facts" ? Math.ceil(question.files.length / 4) * question.timeLimitMs : 0;
}

function preflightWorker(): Worker {
  return new Worker(new URL("./preflight-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-preflight",
  });
}
