import { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest, Completion } from "@audiotricks/protocol/messages";
import type { UploadCalls } from "../upload-calls.ts";
import type { Clock } from "./clock.ts";
import { asUploadError } from "./session-creator.ts";

/** Most completions of one request, as the companion's contract says. */
const MAX_BATCH = 100;
/** Files that end within this long of one another are completed together. */
const GATHER_MS = 40;
/** Batches under way; whatever ends meanwhile makes the next one. */
const MAX_BATCHES = 2;

interface Ask {
  sessionId: string;
  request: CompleteUploadRequest;
  resolve: (completion: Completion) => void;
  reject: (error: UploadError) => void;
}

/** Asks once whether a session is complete. Rejects with `UploadError`. */
export type AskCompletion = (
  session: { sessionId: string; partCount: number },
  request: CompleteUploadRequest,
) => Promise<Completion>;

/**
 * Completes many small files with few requests. A file of many parts goes alone: the store may take minutes to put it together,
 * and no small one should wait for that.
 */
export function createCompletionBatcher(client: UploadCalls, clock: Clock): AskCompletion {
  let waiting: Ask[] = [];
  let batches = 0;
  let isGathering = false;

  const gather = () => {
    if (isGathering || waiting.length === 0 || batches >= MAX_BATCHES) return;
    isGathering = true;
    clock.after(GATHER_MS, () => {
      isGathering = false;
      void send(waiting.slice(0, MAX_BATCH));
      waiting = waiting.slice(MAX_BATCH);
      gather();
    });
  };

  const send = async (batch: Ask[]) => {
    batches += 1;
    const open = new Map(batch.map((ask) => [ask.sessionId, ask]));
    let failure = new UploadError("internal", "The server left a file without an answer.");
    try {
      const uploads = batch.map(({ sessionId, request }) => ({ ...request, sessionId }));
      const { results } = await client.completeUploads({ uploads });
      for (const result of results) {
        const ask = open.get(result.sessionId);
        open.delete(result.sessionId);
        if (!("error" in result)) ask?.resolve(result);
        else {
          const { code, message, details } = result.error;
          ask?.reject(new UploadError(code, message, details === undefined ? {} : { details }));
        }
      }
    } catch (error) {
      failure = asUploadError(error);
    } finally {
      batches -= 1;
      for (const ask of open.values()) ask.reject(failure);
      gather();
    }
  };

  return async ({ sessionId, partCount }, request) => {
    if (partCount > 1) return client.completeUpload(sessionId, request);
    return new Promise((resolve, reject) => {
      waiting.push({ sessionId, request, resolve, reject });
      gather();
    });
  };
}
