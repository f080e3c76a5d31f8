import { parseWebhookSecrets, type WebhookEndpoint } from "@audiotricks/storage";
import type { Env } from "./config-settings.ts";

/** `undefined` where nobody is to be told of events. Adds to `problems` what is wrong or half said. */
export function readWebhook(env: Env, problems: string[]): WebhookEndpoint | undefined {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, WEBHOOK_ALLOW_HTTP: allowHttp } = env;
  if (allowHttp !== undefined && allowHttp !== "true" && allowHttp !== "false")
    problems.push("WEBHOOK_ALLOW_HTTP must be true or false.");
  if (url === undefined && secret === undefined) return undefined;
  const parsed = url === undefined ? undefined : readUrl(url, allowHttp === "true", problems);
  if (url === undefined) problems.push("WEBHOOK_URL is missing: set it, or unset WEBHOOK_SECRET.");
  const secrets = readSecrets(secret, problems);
  return parsed === undefined || secrets === undefined ? undefined : { url: parsed, secrets };
}

/** Only the operator chooses it, so it may well be an address of a private network; but nobody on the way may read along. */
function readUrl(text: string, isHttpAllowed: boolean, problems: string[]): string | undefined {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    problems.push(
      "WEBHOOK_URL must be a URL such as https://pipeline.example.com/events, without a password.",
    );
    return undefined;
  }
  if (url.protocol === "http:" && !isHttpAllowed) {
    problems.push("WEBHOOK_URL must be https; for local use alone, WEBHOOK_ALLOW_HTTP=true allows http.");
    return undefined;
  }
  return url.href;
}

function readSecrets(text: string | undefined, problems: string[]): Uint8Array[] | undefined {
  if (text === undefined) {
    problems.push('WEBHOOK_SECRET is missing: make one by: echo "whsec_$(openssl rand -base64 32)".');
    return undefined;
  }
  try {
    return parseWebhookSecrets(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
