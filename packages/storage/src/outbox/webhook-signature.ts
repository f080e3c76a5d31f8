import { createHmac } from "node:crypto";

/**
 * The headers of one delivery, by the open scheme of https://www.standardwebhooks.com: any of its libraries verifies them.
 *
 * @param message.timestamp Seconds since 1970 of this attempt, not of the event: receivers refuse what is older than five
 *   minutes, so that a recorded delivery cannot be played back later.
 * @param secrets With every one of them it is signed, so that a receiver may know the old or the new one while it changes.
 */
export function signWebhook(
  message: { id: string; timestamp: number; body: string },
  secrets: readonly Uint8Array[],
): Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string> {
  const { id, timestamp, body } = message;
  const signatures = secrets.map((secret) => {
    const mac = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    return `v1,${mac}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
