import type { WebhookEndpoint } from "./webhook-endpoint.ts";
import { signWebhook } from "./webhook-signature.ts";

export type PostOutcome =
  | { outcome: "delivered" }
  /** `reason` is ours or the network's: never a word of the answer. */
  | { outcome: "refused"; reason: string; retryAfterMs: number | undefined }
  /** We were told to stop; what became of it nobody knows. */
  | { outcome: "interrupted" };

/**
 * Sends one event, once. Any 2xx takes it. Redirects are not followed: the signature is for this address, and the next one
 * nobody chose. Of the answer only the head is read, so that its length is nothing to us.
 */
export async function postWebhook(
  endpoint: WebhookEndpoint,
  message: { id: string; timestamp: number; body: string },
  options: { timeoutMs: number; graceMs: number; signal: AbortSignal },
): Promise<PostOutcome> {
  const { timeoutMs, graceMs, signal } = options;
  // Of its own, not AbortSignal.any: that would be kept alive by the signal of the whole process.
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, timeoutMs);
  let grace: NodeJS.Timeout | undefined;
  const stopSoon = (): void => {
    grace = setTimeout(stop, graceMs);
  };
  signal.addEventListener("abort", stopSoon);
  try {
    if (signal.aborted) return { outcome: "interrupted" };
    const answer = await fetch(endpoint.url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "audiotricks-storage",
        ...signWebhook(message, endpoint.secrets),
      },
      body: message.body,
      signal: controller.signal,
    });
    // Ends the connection if there is more to come.
    await answer.body?.cancel();
    if (answer.ok) return { outcome: "delivered" };
    return {
      outcome: "refused",
      reason: `http_${answer.status}`,
      retryAfterMs: retryAfterMs(answer.headers.get("retry-after")),
    };
  } catch (error) {
    if (signal.aborted && controller.signal.aborted) return { outcome: "interrupted" };
    const reason = controller.signal.aborted ? "timeout" : networkReason(error);
    return { outcome: "refused", reason, retryAfterMs: undefined };
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener("abort", stopSoon);
  }
}

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : undefined;
}

/** `fetch failed` says nothing; its cause does. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? `network_${code}` : "network";
}
