import { createHash, timingSafeEqual } from "node:crypto";
import type { Answer } from "../answer.ts";
import type { S3Request } from "../s3-request.ts";
import { FaultError } from "./fault-error.ts";
import type { FaultKit } from "./fault-kit.ts";
import type { FaultRule } from "./fault-rule.ts";

/** No bucket can be called so. */
export const CONTROL = "_faults";

const SHORTEST_TOKEN = 16;
const LONGEST_BODY = 64 * 1024;

/** Lets whoever has the token inject faults over HTTP. */
export class FaultControl {
  readonly #kit: FaultKit;
  readonly #token: Buffer;

  /** @throws {FaultError} `invalid_rule` for a token that could be guessed. */
  constructor(kit: FaultKit, token: string) {
    if (token.length < SHORTEST_TOKEN)
      throw new FaultError("invalid_rule", `The token must have at least ${SHORTEST_TOKEN} characters.`);
    this.#kit = kit;
    this.#token = digest(token);
  }

  /** Anybody else's request, and any page's, is answered as if there were nothing here. */
  isFor({ bucket, headers }: S3Request): boolean {
    if (bucket !== CONTROL || headers.origin !== undefined) return false;
    const given = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    return timingSafeEqual(digest(given), this.#token);
  }

  async answer(request: S3Request): Promise<Answer> {
    try {
      return json(200, await this.#carryOut(request));
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return json(400, { error: { code: error.code, message: error.message } });
    }
  }

  async #carryOut(request: S3Request): Promise<object> {
    const { method, key } = request;
    if (method === "GET") return { log: await this.#kit.log() };
    if (method === "DELETE") {
      await (key === undefined ? this.#kit.heal() : this.#kit.healOne(key));
      return {};
    }
    const body = await readJson(request);
    if (method === "POST") {
      // Whatever it is: the kit checks it.
      const { id } = await this.#kit.inject(body as FaultRule);
      return { id };
    }
    if (method !== "PUT") throw new FaultError("invalid_rule", "GET, POST, PUT or DELETE.");
    const { seed } = body as { seed?: number };
    await this.#kit.restart(seed);
    return {};
  }
}

async function readJson({ body }: S3Request): Promise<object> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LONGEST_BODY) throw new FaultError("invalid_rule", "That is too long for a rule.");
    pieces.push(piece);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch {
    // Falls through to the one answer.
  }
  throw new FaultError("invalid_rule", "The body must be an object in JSON.");
}

function json(status: number, content: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
