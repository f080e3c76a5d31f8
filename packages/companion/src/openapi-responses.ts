import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import { errorResponse } from "@audiotricks/protocol/messages";
import type { z } from "zod";

export function jsonResponse<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { "application/json": { schema } } };
}

/** One that may be left out is `optionalBody`. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { content: { "application/json": { schema } }, required: true };
}

/** What any route can answer, whatever it does. */
const EVERYWHERE: UploadErrorCode[] = [
  "invalid_request",
  "body_too_large",
  "internal",
  "database_unavailable",
];
const SIGNED_IN: UploadErrorCode[] = ["unauthenticated", "forbidden", "unknown_user", "rate_limited"];

/**
 * Failures of a route that needs a signed-in caller, for the OpenAPI document: one entry a status, its codes named.
 * Typed as empty, because handlers never answer these themselves: they throw.
 */
export function failures(...codes: UploadErrorCode[]): Record<never, never> {
  const byStatus = Map.groupBy(
    new Set([...EVERYWHERE, ...SIGNED_IN, ...codes]),
    (code) => UPLOAD_ERRORS[code],
  );
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      jsonResponse(sameStatus.map((code) => `\`${code}\``).join(", "), errorResponse),
    ]),
  );
}
