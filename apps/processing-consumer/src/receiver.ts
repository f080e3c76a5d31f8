import { storageEvent } from "@audiotricks/protocol/events";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Webhook } from "standardwebhooks";

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
    const event = storageEvent.safeParse(payload);
    if (event.success && (event.data.type === "file.stored" || event.data.type === "file.released")) {
      const { file } = event.data.data;
      // Nobody gets it before it is released.
      if (file.scan === "held") return c.body(null, 204);
      // What we made ourselves comes round as well: without this the pipeline would feed on its own output.
      if (file.contentType === "audio_file" && file.derivedFrom === null) await options.onStored(file.id);
    }
    // Also for what is not known here: it would only come again.
    return c.body(null, 204);
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  return app;
}
