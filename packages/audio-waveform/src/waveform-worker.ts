import { traceFiles } from "./trace-files.ts";
import type { FromWaveforms, ToWaveforms } from "./waveform-messages.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWaveforms>) => void) | null;
  postMessage: (message: FromWaveforms) => void;
}

const scope = globalThis as unknown as WorkerScope;
const receive = traceFiles((message) => scope.postMessage(message));
scope.onmessage = ({ data }) => receive(data);
scope.postMessage({ type: "ready" });
