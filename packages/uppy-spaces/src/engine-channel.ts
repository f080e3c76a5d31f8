import type { FromEngine, FromWorker, ToEngine } from "./engine/engine-messages.ts";
import { type WorkerWatch, watchWorker } from "./worker-watch.ts";

/** The way to an engine, wherever it runs. */
export interface EngineChannel {
  send: (message: ToEngine) => void;
  /** Whether anything is lost with the engine: only then is it noticed that it is gone. */
  watch: (isNeeded: boolean) => void;
}

/** A worker that has not begun by then is not going to: its file was lost by a bundler, or the network is. */
const WORKER_START_MS = 10_000;
/** Where neither the worker nor the page could load the engine, both are tried again: a page may begin without a network. */
const TRY_AGAIN_MS = 5_000;
/** Workers that died, after which the page is the better place. */
const MAX_DEATHS = 3;

/**
 * Opens an engine in a worker: there it is neither held up by the page nor slowed down in a hidden tab, and costs no frame.
 * Where the browser refuses workers (or the bundle lost the file), the page loads and runs it itself.
 *
 * @param options.onLost The engine is gone with all that it was told. Another one takes its place: it is to be told everything anew.
 */
export function openEngineChannel(options: {
  receive: (message: FromEngine) => void;
  onLost: () => void;
  mayUseWorker: boolean;
  log: (message: string) => void;
  openWorker?: () => Worker;
  locks?: Pick<LockManager, "request"> | undefined;
  loadHere?: () => Promise<typeof import("./engine/start-engine.ts")>;
}): EngineChannel {
  const { receive, onLost, mayUseWorker, log, openWorker = engineWorker } = options;
  const { locks = globalThis.navigator?.locks } = options;
  const { loadHere = () => import("./engine/start-engine.ts") } = options;
  let worker: Worker | null = null;
  /** What was said before the engine was there; `null` once it is, or once nobody wants it any more. */
  let unheard: ToEngine[] | null = [];
  let send: EngineChannel["send"] = () => {};
  let watch: WorkerWatch | null = null;
  let isNeeded = false;
  let deaths = 0;
  let isClosed = false;
  let isLoadingHere = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const begin = (to: EngineChannel["send"]) => {
    clearTimeout(timer);
    send = to;
    for (const message of unheard ?? []) to(message);
    unheard = null;
    watch?.need(isNeeded);
  };

  const endWorker = () => {
    clearTimeout(timer);
    watch?.close();
    watch = null;
    worker?.terminate();
    worker = null;
  };

  const runHere = async (reason: string) => {
    if (isLoadingHere || unheard === null) return;
    isLoadingHere = true;
    endWorker();
    log(`The engine runs on the page: ${reason}`);
    try {
      const { startEngine } = await loadHere();
      if (unheard !== null) begin(startEngine(receive));
    } catch (error) {
      isLoadingHere = false;
      log(`The engine could not be loaded: ${String(error)}`);
      timer = setTimeout(start, TRY_AGAIN_MS);
    }
  };

  /** It had begun, so that it may have begun anything. */
  const lost = (gone: Worker, reason: string) => {
    if (isClosed || worker !== gone || unheard !== null) return;
    endWorker();
    log(`The engine is lost: ${reason}`);
    deaths += 1;
    unheard = [];
    onLost();
    start();
  };

  const runInWorker = () => {
    const opened = openWorker();
    worker = opened;
    timer = setTimeout(() => void runHere("the worker did not start"), WORKER_START_MS);
    watch = watchWorker({
      post: (message) => opened.postMessage(message),
      locks,
      onGone: () => lost(opened, "the worker is gone"),
      onHung: () => lost(opened, "the worker no longer answers"),
    });
    opened.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker !== opened) return;
      watch?.heard(data);
      if (data.type === "holding") return;
      if (data.type === "ready")
        begin((message) => opened.postMessage(message, message.type === "listen" ? [message.port] : []));
      else if (data.type === "unreadable") lost(opened, "it could not read a message");
      else receive(data);
    };
    opened.onmessageerror = () => lost(opened, "a message of it could not be read");
    opened.onerror = (event) => {
      event.preventDefault();
      if (unheard === null) log(`The engine reported: ${event.message}`);
      else if (worker === opened) void runHere(event.message || "the worker could not be loaded");
    };
  };

  const start = () => {
    if (unheard === null) return;
    if (deaths >= MAX_DEATHS) return void runHere("workers do not live long");
    if (!mayUseWorker || typeof Worker === "undefined") return void runHere("there are no workers");
    try {
      runInWorker();
    } catch (error) {
      void runHere(String(error));
    }
  };

  start();
  return {
    send: (message) => {
      if (message.type === "close") {
        isClosed = true;
        watch?.close();
      }
      if (unheard === null) return send(message);
      if (message.type !== "close") return void unheard.push(message);
      // It has begun nothing, so there is nothing to end.
      unheard = null;
      endWorker();
    },
    watch: (isWanted) => {
      isNeeded = isWanted;
      if (unheard === null && !isClosed) watch?.need(isNeeded);
    },
  };
}

function engineWorker(): Worker {
  return new Worker(new URL("./engine/engine-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-uploads",
  });
}
