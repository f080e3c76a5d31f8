import { z } from "zod";

export interface DigitalOceanAccess {
  /** An API token that may change CDNs; not a key of Spaces. */
  token: string;
  /** For tests. */
  apiOrigin?: string | undefined;
}

const TIMEOUT_MS = 10_000;
const MAX_SENTENCE = 200;

/** What the API said no with. `sentence` is its own, cut short; it repeats no token. */
export class DigitalOceanRefusal extends Error {
  readonly status: number;
  readonly sentence: string;

  constructor(status: number, sentence: string) {
    super(`the API of DigitalOcean answered ${status} ${sentence}`.trimEnd());
    this.status = status;
    this.sentence = sentence;
  }
}

/**
 * One call. `undefined` where the answer has no JSON: the vendor has done what was asked all the same.
 *
 * @throws {DigitalOceanRefusal} For any status but 2xx. Rejects as `fetch` does where nobody answers.
 */
export async function callDigitalOcean(
  { token, apiOrigin = "https://api.digitalocean.com" }: DigitalOceanAccess,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${apiOrigin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
    // The token goes to nobody else.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new DigitalOceanRefusal(answer.status, sentenceOf(text));
  return readJson(text);
}

const refusal = z.object({ message: z.string() });

function sentenceOf(text: string): string {
  const { data } = refusal.safeParse(readJson(text));
  return data?.message.replaceAll(/\p{Cc}+/gu, " ").slice(0, MAX_SENTENCE) ?? "";
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
