import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { CompanionEnv } from "./companion-env.ts";
import { errorHandler } from "./error-response.ts";
import { optionalBody, readOptional } from "./optional-body.ts";

const schema = z.strictObject({ as: z.enum(["a", "b"]).default("a"), note: z.string().optional() });
const app = new Hono<CompanionEnv>();
app.onError(errorHandler(() => undefined));
app.post("/", async (c) => c.json(await readOptional(c, schema)));

let server: ReturnType<typeof serve>;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve());
  });
});
afterAll(() => void server.close());

interface Sent {
  headers?: Record<string, string>;
  body?: string;
}

/** Over a socket: what stands for "no body" differs there from a `Request` that was made by hand. */
async function ask({ headers = {}, body }: Sent): Promise<[status: number | undefined, body: unknown]> {
  const { port } = server.address() as AddressInfo;
  return await new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method: "POST", headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve([answer.statusCode, JSON.parse(text)]));
    });
    sent.on("error", reject).end(body);
  });
}

const json = { "content-type": "application/json" };
const chunked = { "transfer-encoding": "chunked" };

it.each<[string, Sent]>([
  ["nothing at all", {}],
  ["pieces of which there are none", { headers: chunked, body: "" }],
  ["an empty object", { headers: json, body: "{}" }],
])("takes for granted what is not said: %s", async (_, sent) => {
  expect(await ask(sent)).toEqual([200, { as: "a" }]);
});

it.each<[string, Sent]>([
  ["with its length", { headers: json, body: '{"as":"b"}' }],
  ["in pieces", { headers: { ...json, ...chunked }, body: '{"as":"b"}' }],
  ["with a charset", { headers: { "content-type": "application/json; charset=utf-8" }, body: '{"as":"b"}' }],
])("reads a body %s", async (_, sent) => {
  expect(await ask(sent)).toEqual([200, { as: "b" }]);
});

it.each<[string, Sent, string]>([
  ["no type", { body: '{"as":"b"}' }, "Send the body as application/json."],
  ["no type, in pieces", { headers: chunked, body: '{"as":"b"}' }, "Send the body as application/json."],
  [
    "a form's",
    { headers: { "content-type": "text/plain" }, body: '{"as":"b"}' },
    "Send the body as application/json.",
  ],
  ["a type, which does not come", { headers: json }, "The body is not valid JSON."],
  ["no JSON", { headers: json, body: "{" }, "The body is not valid JSON."],
  ["another value", { headers: json, body: '{"as":"c"}' }, "The body is not valid."],
  ["a field that there is not", { headers: json, body: '{"sa":"b"}' }, "The body is not valid."],
  ["an array", { headers: json, body: "[]" }, "The body is not valid."],
  ["null", { headers: json, body: "null" }, "The body is not valid."],
  [
    "NUL in text",
    { headers: json, body: '{"note":"\\u0000"}' },
    "Text must be well-formed Unicode without NUL.",
  ],
])("refuses a body of %s", async (_, sent, message) => {
  expect(await ask(sent)).toMatchObject([400, { error: { code: "invalid_request", message } }]);
});

it("reads a request that no server made", async () => {
  const answer = (init?: RequestInit) => app.request("/", { method: "POST", ...init });
  expect(await (await answer()).json()).toEqual({ as: "a" });
  expect(await (await answer({ headers: json, body: '{"as":"b"}' })).json()).toEqual({ as: "b" });
});

it("is told in the document as what may be sent", () => {
  expect(optionalBody(schema)).toEqual({
    required: false,
    content: {
      "application/json": {
        schema: {
          type: "object",
          additionalProperties: false,
          properties: {
            as: { type: "string", enum: ["a", "b"], default: "a" },
            note: { type: "string" },
          },
        },
      },
    },
  });
});
