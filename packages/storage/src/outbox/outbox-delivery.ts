import type { Kysely } from "kysely";
import { createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import { type ClaimedEvent, claimEvent } from "./claim-event.ts";
import { type PostOutcome, postWebhook } from "./post-webhook.ts";
import { MAX_ATTEMPTS, retryDelayMs } from "./retry-schedule.ts";
import { letEventGo, settleDead, settleDelivered, settleRetry } from "./settle-event.ts";
import type { WebhookEndpoint } from "./webhook-endpoint.ts";

/** What one round of delivering came to. */
export interface DeliveryReport {
  delivered: number;
  /** Refused for now; they come round again. */
  refused: number;
  dead: { id: string; type: string; reason: string }[];
  /** Ended early, because the endpoint refused one after the other: leave it alone for a while. */
  isEndpointDown: boolean;
}

export interface OutboxDeliveryOptions {
  db: Kysely<Database>;
  endpoint: WebhookEndpoint;
  /** For tests: the time that is decided by. By default the database's. */
  now?: () => Date;
  /** Deliveries at once. */
  lanes?: number;
  timeoutMs?: number;
  /** How long what is under way may still take when told to stop. */
  graceMs?: number;
  /** How long a worker may stay silent before another delivers the event again. Longer than `timeoutMs`. */
  leaseMs?: number;
  maxAttempts?: number;
}

/** As many refusals in a row say that it is the endpoint, not the event. */
const DOWN_AFTER = 8;

/**
 * Delivers what the outbox has. Any number of processes may, each with any number of rounds at once.
 *
 * Every event arrives at least once, and those about one file (or one quota) in order: a later one is not sent before the
 * one ahead of it was taken or given up. Whoever is killed between sending and noting leaves an event that is sent again,
 * under the same id.
 *
 * @returns One round: until nothing is due, or the endpoint is down, or `signal` says to stop; then what is under way has
 *   `graceMs` before it is cut off and left for others at once.
 */
export function createOutboxDelivery(
  options: OutboxDeliveryOptions,
): (round?: { signal?: AbortSignal }) => Promise<DeliveryReport> {
  const { db, endpoint, lanes = 8, timeoutMs = 15_000, graceMs = 1_500 } = options;
  const { leaseMs = 60_000, maxAttempts = MAX_ATTEMPTS } = options;
  const context = { db, clock: createClock(options.now) };

  return async ({ signal = new AbortController().signal } = {}) => {
    const report: DeliveryReport = { delivered: 0, refused: 0, dead: [], isEndpointDown: false };
    let refusedInARow = 0;

    async function settle(event: ClaimedEvent, result: PostOutcome): Promise<void> {
      switch (result.outcome) {
        case "delivered":
          refusedInARow = 0;
          report.delivered++;
          return settleDelivered(context, event);
        case "interrupted":
          return letEventGo(context, event);
        case "refused": {
          const { reason, retryAfterMs } = result;
          refusedInARow++;
          report.isEndpointDown ||= refusedInARow >= DOWN_AFTER;
          if (event.attempts < maxAttempts) {
            report.refused++;
            const delayMs = retryDelayMs(event.attempts, retryAfterMs, Math.random());
            return settleRetry(context, event, { reason, delayMs });
          }
          if (await settleDead(context, event, reason))
            report.dead.push({ id: event.id, type: event.type, reason });
          return;
        }
        default:
          result satisfies never;
      }
    }

    async function next(): Promise<ClaimedEvent | undefined> {
      return signal.aborted || report.isEndpointDown ? undefined : claimEvent(context, leaseMs);
    }
    async function lane(first?: ClaimedEvent): Promise<void> {
      for (let event = first ?? (await next()); event !== undefined; event = await next()) {
        // The database's clock is the one that all servers share; theirs may be off by more than receivers allow.
        const timestamp = Math.floor(event.claimedAt);
        const { id, body } = event;
        await settle(
          event,
          await postWebhook(endpoint, { id, timestamp, body }, { timeoutMs, graceMs, signal }),
        );
      }
    }

    // Mostly there is nothing to do: that is one question, not one for each lane.
    const first = await next();
    if (first === undefined) return report;
    // None is left at work when this ends, also where one fails.
    const others = Array.from({ length: lanes - 1 }, () => lane());
    const ends = await Promise.allSettled([lane(first), ...others]);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return report;
  };
}
