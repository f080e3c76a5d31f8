import type { FromEngine, ToEngine } from "./engine/engine-messages.ts";

/** Sends messages to an engine, wherever it runs. */
export type EngineChannel = (message: ToEngine) => void;

/** A worker that has not begun by then is not going to: its file was lost by a bundler, or the network is. */
const WORKER_START_MS = 10_000;

/**
 * Opens an engine in a worker: there it is neither held up by the page nor slowed down in a hidden tab, and costs no frame.
 * Where the browser refuses workers (or the bundle lost the file), the page loads and runs it itself.
 */
export function openEngineChannel(options: {
  receive: (message: FromEngine) => void;
  mayUseWorker: boolean;
  log: (message: string) => void;
  openWorker?: () => Worker;
}): EngineChannel {
  const { receive, mayUseWorker, log, openWorker = engineWorker } = options;
  let worker: Worker | null = null;
  /** What was said before the engine was there; `null` once it is. */
  let unheard: ToEngine[] | null = [];
  let send: EngineChannel = (message) => unheard?.push(message);
  let isHere = false;

  const begin = (to: EngineChannel) => {
    send = to;
    for (const message of unheard ?? []) to(message);
    unheard = null;
  };

  const runHere = async (reason: string) => {
    if (isHere || unheard === null) return;
    isHere = true;
    worker?.terminate();
    worker = null;
    log(`The engine runs on the page: ${reason}`);
    const { startEngineOnPage } = await import("./engine/start-engine-on-page.ts");
    begin(startEngineOnPage(receive));
  };

  const inWorker = () => {
    const opened = openWorker();
    worker = opened;
    const timer = setTimeout(() => void runHere("the worker did not start"), WORKER_START_MS);
    opened.onmessage = ({ data }: MessageEvent<FromEngine | { type: "ready" }>) => {
      if (worker !== opened) return;
      if (data.type !== "ready") return receive(data);
      clearTimeout(timer);
      begin((message) => opened.postMessage(message));
    };
    opened.onerror = (event) => {
      clearTimeout(timer);
      event.preventDefault();
      if (unheard === null) log(`The engine reported: ${event.message}`);
      else void runHere(event.message || "the worker could not be loaded");
    };
  };

  if (!mayUseWorker || typeof Worker === "undefined") void runHere("there are no workers");
  else {
    try {
      inWorker();
    } catch (error) {
      void runHere(String(error));
    }
  }
  return (message) => send(message);
}

function engineWorker(): Worker {
  return new Worker(new URL("./engine/engine-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-uploads",
  });
}
