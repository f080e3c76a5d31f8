import type { IncomingMessage } from "node:http";

/** Bounds on what is read for nothing: a client that sends on for longer is cut off in mid-sentence. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_MS = 5_000;

/**
 * An answer to a request whose body is not wanted, whole at once, that keeps the connection until the rest of the body has come and
 * been thrown away. Closed before, the kernel answers bytes that nobody reads with a reset, and that overtakes the answer: a browser
 * or a proxy in front would report a broken connection in its place.
 */
export async function lingering(answer: Response, request: IncomingMessage): Promise<Response> {
  if (request.complete) return answer;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const headers = new Headers(answer.headers);
  // Nobody may send a next request behind a body that was cut off.
  headers.set("connection", "close");
  headers.set("content-length", String(bytes.byteLength));
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      controller.enqueue(bytes);
      await restOf(request);
      controller.close();
    },
  });
  return new Response(body, { status: answer.status, headers });
}

function restOf(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let read = 0;
    const timer = setTimeout(done, MOST_MS);
    function done(): void {
      clearTimeout(timer);
      request.off("data", count).off("close", done).off("end", done);
      resolve();
    }
    function count(bytes: Uint8Array): void {
      read += bytes.byteLength;
      if (read > MOST_BYTES) done();
    }
    // The web stream over it, which nobody reads any more, would hold it up as soon as its own queue is full.
    request.removeAllListeners("data").on("data", count).on("close", done).on("end", done).resume();
  });
}
