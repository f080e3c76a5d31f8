import { decodePeaks, type Peaks } from "@audiotricks/protocol";
import type { FromWaveforms, NoWaveform, ToWaveforms } from "./waveform-messages.ts";

/** A worker that has not begun by then is not going to. */
const WORKER_START_MS = 10_000;

/** The waveform of one file. */
export type Waveform =
  /** `part`: how much of the file the peaks are of, 0 to 1. */
  | { status: "drawing"; peaks: Peaks; part: number }
  | { status: "done"; peaks: Peaks; file: Uint8Array<ArrayBuffer> }
  | { status: "none"; reason: NoWaveform };

/** Peaks of files, worked out off the page. No function of it throws. */
export interface Waveforms {
  /** @param port To whoever reads the files, who sends `HeardWindow`s and hears `Credit`s; a new one takes the place of the one before. */
  listen: (port: MessagePort) => void;
  /** @param listener Called a few times a second, and last with `done` or `none`. */
  begin: (id: string, file: Blob, listener: (waveform: Waveform) => void) => void;
  /** Whoever reads it is through, or will not: what is missing is read from the file. */
  finish: (id: string) => void;
  drop: (id: string) => void;
  close: () => void;
}

/** Opens a worker with the first file. Where the browser has none, no file has a waveform: decoding is no work for a page. */
export function openWaveforms({
  openWorker = waveformWorker,
}: {
  openWorker?: () => Worker;
} = {}): Waveforms {
  const listeners = new Map<string, (waveform: Waveform) => void>();
  let worker: Worker | null = null;
  let isLost = false;
  let port: MessagePort | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (message: ToWaveforms, transfer: Transferable[] = []) =>
    worker?.postMessage(message, transfer);

  const lose = () => {
    isLost = true;
    clearTimeout(timer);
    worker?.terminate();
    worker = null;
    for (const listener of listeners.values()) listener({ status: "none", reason: "no_worker" });
    listeners.clear();
  };

  const start = () => {
    try {
      worker = openWorker();
    } catch {
      return lose();
    }
    timer = setTimeout(lose, WORKER_START_MS);
    worker.onmessage = ({ data }: MessageEvent<FromWaveforms>) => hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      lose();
    };
    passPort();
  };

  const passPort = () => {
    if (worker === null || port === null) return;
    send({ type: "listen", port }, [port]);
    port = null;
  };

  const hear = (message: FromWaveforms) => {
    if (message.type === "ready") return clearTimeout(timer);
    const listener = listeners.get(message.id);
    if (message.type !== "progress") listeners.delete(message.id);
    listener?.(toWaveform(message));
  };

  return {
    listen: (given) => {
      port = given;
      passPort();
    },
    begin: (id, file, listener) => {
      if (isLost) return listener({ status: "none", reason: "no_worker" });
      listeners.set(id, listener);
      if (worker === null) start();
      send({ type: "begin", id, file });
    },
    finish: (id) => send({ type: "finish", id }),
    drop: (id) => {
      listeners.delete(id);
      send({ type: "drop", id });
    },
    close: () => {
      listeners.clear();
      lose();
    },
  };
}

function toWaveform(message: Exclude<FromWaveforms, { type: "ready" }>): Waveform {
  if (message.type === "none") return { status: "none", reason: message.reason };
  const peaks = decodePeaks(message.peaks);
  if (peaks === null) return { status: "none", reason: "unreadable" };
  return message.type === "progress"
    ? { status: "drawing", peaks, part: message.part }
    : { status: "done", peaks, file: message.peaks };
}

function waveformWorker(): Worker {
  return new Worker(new URL("./waveform-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-waveforms",
  });
}
