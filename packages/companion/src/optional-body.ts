import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { CompanionEnv } from "./companion-env.ts";
import { validation } from "./validation.ts";

const isJson = /^application\/([a-z-.]+\+)?json(;|$)/i;
const judge = validation();

/**
 * For the OpenAPI document: a body that may be left out, to be read by `readOptional`. Plain JSON Schema, which is told and not applied:
 * where a Zod schema stands, each request without a body is copied to see whether it has one, for as much as all else of a download.
 */
export function optionalBody<T extends z.ZodType>(schema: T) {
  const told = z.toJSONSchema(schema, { io: "input" });
  delete told.$schema;
  return { content: { "application/json": { schema: told as object } }, required: false };
}

/**
 * The body, or what is taken for granted where there is none.
 *
 * @throws {UploadError} `invalid_request` for a body that is none of these, or no JSON.
 */
export async function readOptional<T extends z.ZodType>(
  c: Context<CompanionEnv>,
  schema: T,
): Promise<z.output<T>> {
  const parsed = schema.safeParse(await readJson(c));
  judge({ target: "json", ...parsed });
  // What is not valid was thrown.
  return parsed.data as z.output<T>;
}

/** Who says that there is JSON, and sends none, was cut short. */
async function readJson({ req }: Context<CompanionEnv>): Promise<unknown> {
  const type = req.header("content-type");
  if (type === undefined && req.header("content-length") === "0") return {};
  if (type !== undefined && !isJson.test(type)) throw new HTTPException(415);
  const text = await req.text();
  if (type === undefined) {
    if (text !== "") throw new HTTPException(415);
    return {};
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HTTPException(400, { cause });
  }
}
