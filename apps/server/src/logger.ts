import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import type { ServerConfig } from "./config.ts";

export type { Logger } from "pino";

/** JSON lines on stderr; stdout is for people. Whatever text a line has, what looks like a secret is taken out of it. */
export function createLogger(
  config: Pick<ServerConfig, "logLevel">,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level: config.logLevel,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: (entry) => withoutSecretsWithin(entry) },
      redact: ["authorization", "cookie", "token", "url", "secret", "password"].flatMap((name) => [
        name,
        `*.${name}`,
      ]),
      serializers: { err: describeError },
    },
    destination,
  );
}

/** Of plain objects and lists; an error is described by its own serializer. */
function withoutSecretsWithin(entry: Record<string, unknown>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, cleaned(value, depth)]));
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  if (typeof value !== "object" || value === null || depth > 3) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => cleaned(item, depth + 1));
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? withoutSecretsWithin(value as Record<string, unknown>, depth + 1) : value;
}

/** A chosen few fields: PostgreSQL's `detail` and the SDK's `$response` carry rows, headers and signatures. */
export function describeError(error: unknown, depth = 0): object {
  if (!isErrorLike(error)) return { message: withoutSecrets(String(error)) };
  const { name = "Error", message, stack, cause } = error;
  const code = "code" in error ? String(error.code) : undefined;
  return {
    type: name,
    message: withoutSecrets(message),
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack: withoutSecrets(stack) }),
    ...(cause === undefined || depth > 3 ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

/** Also what only has an error's fields: pg-boss hands on copies. */
function isErrorLike(
  error: unknown,
): error is { name?: string; message: string; stack?: string; cause?: unknown } {
  return (
    typeof error === "object" && error !== null && "message" in error && typeof error.message === "string"
  );
}

/** Signatures in URLs, passwords in connection strings, tokens in headers and paths. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([?&]X-Amz-[A-Za-z-]+=)[^&\s"'<>]+/gi, "$1…")
    .replace(/(\w+:\/\/[^\s:@/]*):[^\s@/]+@/g, "$1:…@")
    .replace(/(Bearer\s+)[\w.-]+/gi, "$1…")
    .replace(/(\/s3-tokens?\/)[\w-]+/g, "$1…")
    .replace(/(\/s\/)[\w-]{43}/g, "$1…");
}
