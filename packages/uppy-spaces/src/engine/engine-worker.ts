import type { FromEngine, ToEngine } from "./engine-messages.ts";
import { startEngine } from "./start-engine.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToEngine>) => void) | null;
  postMessage: (message: FromEngine | { type: "ready" }) => void;
  close: () => void;
}

const scope = globalThis as unknown as WorkerScope;
const receive = startEngine((message) => {
  if (message.type === "closed") scope.close();
  else scope.postMessage(message);
});
scope.onmessage = ({ data }) => receive(data);
scope.postMessage({ type: "ready" });
