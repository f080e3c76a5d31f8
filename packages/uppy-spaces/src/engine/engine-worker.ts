import type { FromWorker, ToWorker } from "./engine-messages.ts";
import { startEngine } from "./start-engine.ts";
import { createVitalSign } from "./vital-sign.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  onmessageerror: (() => void) | null;
  postMessage: (message: FromWorker) => void;
  close: () => void;
}

const scope = globalThis as unknown as WorkerScope;
const showLife = createVitalSign((message) => scope.postMessage(message), globalThis.navigator?.locks);
const receive = startEngine((message) => {
  if (message.type === "closed") scope.close();
  else scope.postMessage(message);
});
scope.onmessage = ({ data }) => {
  if (data.type === "hold" || data.type === "let-go") showLife(data);
  else receive(data);
};
scope.onmessageerror = () => scope.postMessage({ type: "unreadable" });
scope.postMessage({ type: "ready" });
