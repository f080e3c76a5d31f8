import { answerQuestion } from "./answer-question.ts";
import type { FromWorker, Question } from "./preflight-messages.ts";

/** What a dedicated worker's global offers, as far as it is used here: the page's types are loaded, not the worker's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage: (message: FromWorker, transfer: Transferable[]) => void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = ({ data }) => void answer(data);
scope.postMessage({ ready: true }, []);

async function answer(question: Question): Promise<void> {
  const found = await answerQuestion(question);
  scope.postMessage(found, "cover" in found && found.cover !== null ? [found.cover] : []);
}
