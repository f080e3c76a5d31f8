import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, type CompanionEnv, principalOf } from "../companion-env.ts";
import type { QuotaStreams } from "../events/quota-streams.ts";
import { failures } from "../openapi-responses.ts";

const DESCRIPTION = `Server-sent events. \`quota\` comes at once and whenever it is another; its \`data\` is the answer of \`GET /v1/quota\` as
JSON, with a \`version\`, which is 1. \`files\` comes two seconds later at most and whenever it is another: \`id\`, \`state\` and \`scan\` of the
files among the newest twenty, of the workspace or else of the caller, that \`GET /v1/files\` would list; where it is news, read that. Events that a reader does not know it ignores. The stream ends when the sign-in does, when the
workspace is out of reach, and after ten minutes: ask again, after a moment that is not the same for all. The first event makes up for what was missed.`;

/** What changes is told, so that nobody has to ask. */
export function addEventRoutes(app: CompanionApp, streams: QuotaStreams, guard: Guard): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/v1/events",
      summary:
        "The quota, and how far files are, as they change: the caller's, and a workspace's when one is named",
      description: DESCRIPTION,
      tags: ["limits"],
      middleware: [guard("readEvents")],
      request: { query: z.strictObject({ workspaceId: z.uuid().optional() }) },
      responses: {
        200: {
          description: "An endless stream of events",
          content: { "text/event-stream": { schema: z.string() } },
        },
        ...failures("workspace_not_found", "too_many_streams", "streams_unavailable"),
      },
    }),
    async (c) => {
      c.header("Content-Type", "text/event-stream");
      // Neither kept nor compressed on its way: both would hold events back.
      c.header("Cache-Control", "no-store, no-transform");
      // nginx would gather a few KiB first.
      c.header("X-Accel-Buffering", "no");
      // It has no body that would ever be read, or be let go of.
      if (c.req.method === "HEAD") return c.body(null, 200);
      // `env` is undefined outside a server, for example under `app.request()`.
      const { outgoing } = (c.env as CompanionEnv["Bindings"] | undefined) ?? {};
      const body = await streams.open(principalOf(c), c.req.valid("query").workspaceId, {
        signal: c.req.raw.signal,
        cutOff: () => outgoing?.destroy?.(),
      });
      return c.body(body, 200);
    },
  );
}
