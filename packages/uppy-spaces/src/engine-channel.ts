import type { FromEngine, ToEngine } from "./engine/engine-messages.ts";

/** Sends messages to an engine, wherever it runs. */
export type EngineChannel = (message: ToEngine) => void;

/** A worker that has not begun by then is not going to: its file was lost by a bundler, or the network is. */
const WORKER_START_MS = 10_000;
/** Where neither the worker nor the page could load the engine, both are tried again: a page may begin without a network. */
const TRY_AGAIN_MS = 5_000;

/**
 * Opens an engine in a worker: there it is neither held up by the page nor slowed down in a hidden tab, and costs no frame.
 * Where the browser refuses workers (or the bundle lost the file), the page loads and runs it itself.
 */
export function openEngineChannel(options: {
  receive: (message: FromEngine) => void;
  mayUseWorker: boolean;
  log: (message: string) => void;
  openWorker?: () => Worker;
  loadHere?: () => Promise<typeof import("./engine/start-engine-on-page.ts")>;
}): EngineChannel {
  const { receive, mayUseWorker, log, openWorker = engineWorker } = options;
  const { loadHere = () => import("./engine/start-engine-on-page.ts") } = options;
  let worker: Worker | null = null;
  /** What was said before the engine was there; `null` once it is, or once nobody wants it any more. */
  let unheard: ToEngine[] | null = [];
  let send: EngineChannel = () => {};
  let isLoadingHere = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const begin = (to: EngineChannel) => {
    clearTimeout(timer);
    send = to;
    for (const message of unheard ?? []) to(message);
    unheard = null;
  };

  const endWorker = () => {
    clearTimeout(timer);
    worker?.terminate();
    worker = null;
  };

  const runHere = async (reason: string) => {
    if (isLoadingHere || unheard === null) return;
    isLoadingHere = true;
    endWorker();
    log(`The engine runs on the page: ${reason}`);
    try {
      const { startEngineOnPage } = await loadHere();
      if (unheard !== null) begin(startEngineOnPage(receive));
    } catch (error) {
      isLoadingHere = false;
      log(`The engine could not be loaded: ${String(error)}`);
      timer = setTimeout(start, TRY_AGAIN_MS);
    }
  };

  const runInWorker = () => {
    const opened = openWorker();
    worker = opened;
    timer = setTimeout(() => void runHere("the worker did not start"), WORKER_START_MS);
    opened.onmessage = ({ data }: MessageEvent<FromEngine | { type: "ready" }>) => {
      if (worker !== opened) return;
      if (data.type === "ready") begin((message) => opened.postMessage(message));
      else receive(data);
    };
    opened.onerror = (event) => {
      event.preventDefault();
      if (unheard === null) log(`The engine reported: ${event.message}`);
      else if (worker === opened) void runHere(event.message || "the worker could not be loaded");
    };
  };

  const start = () => {
    if (unheard === null) return;
    if (!mayUseWorker || typeof Worker === "undefined") return void runHere("there are no workers");
    try {
      runInWorker();
    } catch (error) {
      void runHere(String(error));
    }
  };

  start();
  return (message) => {
    if (unheard === null) return send(message);
    if (message.type !== "close") return void unheard.push(message);
    // It has begun nothing, so there is nothing to end.
    unheard = null;
    endWorker();
  };
}

function engineWorker(): Worker {
  return new Worker(new URL("./engine/engine-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-uploads",
  });
}
