import { setTimeout as delay } from "node:timers/promises";
import {
  createOutboxDelivery,
  type Database,
  type DeliveryReport,
  purgeOutbox,
  type WebhookEndpoint,
} from "@audiotricks/storage";
import type { Kysely } from "kysely";
import type { Logger } from "./logger.ts";

const LOOK_AGAIN_MS = 1_000;
/** Between rounds, while the endpoint or the database is down. */
const LONGEST_PAUSE_MS = 60_000;
const PURGE_EVERY_MS = 3_600_000;

/** Delivers events as they come, and removes old ones; without an endpoint only the latter. */
export function startWebhooks(
  db: Kysely<Database>,
  { endpoint, log }: { endpoint: WebhookEndpoint | undefined; log: Logger },
): { stop(): Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const running = Promise.all([endpoint === undefined ? undefined : deliver(endpoint), purge()]);

  async function deliver(to: WebhookEndpoint): Promise<void> {
    const round = createOutboxDelivery({ db, endpoint: to });
    let failures = 0;
    while (!signal.aborted) {
      const isFine = await round({ signal }).then(tell, (err: unknown) => {
        log.error({ err }, "could not deliver events; trying again");
        return false;
      });
      failures = isFine ? 0 : failures + 1;
      await pause(Math.min(LOOK_AGAIN_MS * 2 ** failures, LONGEST_PAUSE_MS));
    }
  }
  function tell(report: DeliveryReport): boolean {
    for (const letter of report.dead)
      log.error(letter, "an event was given up; it is in outbox_dead_letters");
    const { delivered, refused, isEndpointDown } = report;
    if (refused > 0)
      log.warn({ delivered, refused, isEndpointDown }, "events were refused; trying again later");
    else if (delivered > 0) log.info({ delivered }, "delivered events");
    return !isEndpointDown;
  }
  async function purge(): Promise<void> {
    while (!signal.aborted) {
      await purgeOutbox(db, { hasEndpoint: endpoint !== undefined }).catch((err: unknown) =>
        log.error({ err }, "could not remove old events"),
      );
      await pause(PURGE_EVERY_MS);
    }
  }
  /** Apart by chance, so that many servers do not ask in step. */
  async function pause(ms: number): Promise<void> {
    await delay(ms * (0.9 + Math.random() * 0.2), undefined, { signal }).catch(() => undefined);
  }

  return {
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
