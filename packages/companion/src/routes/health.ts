import { UploadError } from "@audiotricks/protocol";
import type { Storage } from "@audiotricks/storage";
import type { CompanionApp } from "../companion-env.ts";
import type { UnexpectedErrorContext } from "../error-response.ts";

/** Anyone may ask, so the answer is kept this long and asked for once at a time. */
const READY_FOR_MS = 1000;
const READY_TIMEOUT_MS = 5000;

/** `/healthz`: the process answers. `/readyz`: database and bucket answer too; send it traffic. */
export function addHealthRoutes(
  app: CompanionApp,
  storage: Storage,
  onUnexpectedError: (error: unknown, context: UnexpectedErrorContext) => void,
): void {
  let check: { expiresAt: number; result: Promise<UploadError | undefined> } | undefined;

  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    if (check === undefined || performance.now() > check.expiresAt) {
      const context = { requestId: c.get("requestId"), method: c.req.method, route: "/readyz" };
      const result = notReady(storage).catch((error: unknown) => {
        onUnexpectedError(error, context);
        return new UploadError("storage_unavailable", "Not ready.");
      });
      const started = { expiresAt: Number.POSITIVE_INFINITY, result };
      void result.then(() => {
        started.expiresAt = performance.now() + READY_FOR_MS;
      });
      check = started;
    }
    const error = await check.result;
    if (error !== undefined) throw error;
    return c.json({ status: "ok" });
  });
}

/** Rejects for a reason that is not for strangers to read. */
async function notReady(storage: Storage): Promise<UploadError | undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`not ready after ${READY_TIMEOUT_MS} ms`)),
    READY_TIMEOUT_MS,
  );
  try {
    await Promise.race([storage.checkReady(), promise]);
    return undefined;
  } catch (error) {
    if (error instanceof UploadError && error.status === 503)
      return new UploadError(error.code, "Not ready.");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
