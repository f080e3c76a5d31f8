import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

/** What this consumer reads of an event; members that it does not know are none of its business. */
const event = z.object({
  type: z.string(),
  version: z.number(),
  data: z.object({
    file: z.object({ id: z.uuid(), contentType: z.string(), derivedFrom: z.uuid().nullable() }).optional(),
  }),
});

/**
 * Receives deliveries. What is not signed with our secret, or was signed more than five minutes ago, is refused: that window
 * is all there is against a delivery that somebody recorded and plays back, and within it, as whenever a delivery comes
 * twice, doing it again must do no harm.
 *
 * @param onStored Makes a note that outlives this process; only then is the delivery taken.
 */
export function createReceiver(options: {
  secret: string;
  onStored: (fileId: string) => Promise<void>;
}): Hono {
  const webhook = new Webhook(options.secret);
  const app = new Hono();
  app.post("/events", bodyLimit({ maxSize: 64 * 1024 }), async (c) => {
    // The signature is of the bytes as they came: parsed and written again they may differ.
    const body = await c.req.text();
    let payload: unknown;
    try {
      payload = webhook.verify(body, c.req.header());
    } catch {
      return c.text("The signature does not hold.", 401);
    }
    const { type, version, data } = event.parse(payload);
    const { file } = data;
    // What we made ourselves comes round as well: without this the pipeline would feed on its own output.
    const isOurs = type === "file.stored" && version === 1 && file?.contentType === "audio_file";
    if (isOurs && file.derivedFrom === null) await options.onStored(file.id);
    return c.body(null, 204);
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  return app;
}
