import { randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { parseWebhookSecrets } from "./webhook-endpoint.ts";
import { signWebhook } from "./webhook-signature.ts";

const secretText = () => `whsec_${randomBytes(32).toString("base64")}`;

it("is what the reference library of Standard Webhooks accepts, with the old and the new secret", () => {
  const [oldSecret, newSecret] = [secretText(), secretText()];
  const secrets = parseWebhookSecrets(`${newSecret} ${oldSecret}`);
  const timestamp = Math.floor(Date.now() / 1000);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const body = JSON.stringify({ value });
      const headers = signWebhook({ id: randomUUID(), timestamp, body }, secrets);
      for (const secret of [oldSecret, newSecret])
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    }),
  );
});

it("does not hold for another body, id, time or secret", () => {
  const secret = secretText();
  const timestamp = Math.floor(Date.now() / 1000);
  const body = '{"a":1}';
  const headers = signWebhook({ id: "1", timestamp, body }, parseWebhookSecrets(secret));
  const verify = (text: string, changed: Partial<typeof headers>, by = secret) =>
    new Webhook(by).verify(text, { ...headers, ...changed });
  expect(() => verify('{"a":2}', {})).toThrow("No matching signature");
  expect(() => verify(body, { "webhook-id": "2" })).toThrow("No matching signature");
  expect(() => verify(body, { "webhook-timestamp": String(timestamp - 1) })).toThrow("No matching signature");
  expect(() => verify(body, {}, secretText())).toThrow("No matching signature");
  const old = signWebhook({ id: "1", timestamp: timestamp - 301, body }, parseWebhookSecrets(secret));
  expect(() => verify(body, old)).toThrow("too old");
});

it.each([
  ["nothing", ""],
  ["no prefix", randomBytes(32).toString("base64")],
  ["too short", `whsec_${randomBytes(23).toString("base64")}`],
  ["too long", `whsec_${randomBytes(65).toString("base64")}`],
  ["not base64", "whsec_####################################"],
  ["a bad one among good ones", `${secretText()} whsec_abc`],
])("refuses a secret that is %s, without repeating it", (_, text) => {
  expect(() => parseWebhookSecrets(text)).toThrow(/^WEBHOOK_SECRET must be/);
});
