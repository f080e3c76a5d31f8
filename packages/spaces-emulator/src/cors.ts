import type { Bucket } from "./disk.ts";
import { malformedXml } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";
import { readXml } from "./xml.ts";

interface CorsRule {
  origins: string[];
  methods: string[];
  headers: string[];
  exposed: string[];
  maxAgeSeconds: string | undefined;
}

/** @throws {S3Error} `MalformedXML` for a configuration that could not be served. */
export function parseCors(document: string): CorsRule[] {
  const rules = readXml(document, "CORSConfiguration")
    .all("CORSRule")
    .map((rule) => ({
      origins: rule.texts("AllowedOrigin"),
      methods: rule.texts("AllowedMethod"),
      headers: rule.texts("AllowedHeader"),
      exposed: rule.texts("ExposeHeader"),
      maxAgeSeconds: rule.text("MaxAgeSeconds"),
    }));
  const isSound = rules.every(
    ({ origins, methods }) =>
      origins.length > 0 &&
      methods.length > 0 &&
      methods.every((m) => /^(GET|PUT|POST|DELETE|HEAD)$/.test(m)),
  );
  if (rules.length === 0 || !isSound) throw malformedXml();
  return rules;
}

/** Headers of a preflight's answer; `undefined` where no rule allows it. */
export function preflightHeaders(
  request: S3Request,
  bucket: Bucket | undefined,
): Record<string, string> | undefined {
  const method = request.headers["access-control-request-method"];
  const wanted = (request.headers["access-control-request-headers"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const rule = findRule(request, bucket, method);
  if (
    rule === undefined ||
    !wanted.every((name) => rule.headers.some((allowed) => matches(allowed.toLowerCase(), name)))
  )
    return undefined;
  return {
    ...originHeaders(request, rule),
    "access-control-allow-methods": method ?? "",
    ...(wanted.length === 0 ? {} : { "access-control-allow-headers": wanted.join(",") }),
    ...(rule.maxAgeSeconds === undefined ? {} : { "access-control-max-age": rule.maxAgeSeconds }),
  };
}

/** What is added to an ordinary answer to a cross-origin request. */
export function corsHeaders(request: S3Request, bucket: Bucket | undefined): Record<string, string> {
  const rule = findRule(request, bucket, request.method);
  return rule === undefined ? {} : originHeaders(request, rule);
}

function findRule(
  request: S3Request,
  bucket: Bucket | undefined,
  method: string | undefined,
): CorsRule | undefined {
  const origin = request.headers.origin;
  const document = bucket?.documents.cors;
  if (origin === undefined || document === undefined || method === undefined) return undefined;
  return parseCors(document).find(
    (rule) => rule.methods.includes(method) && rule.origins.some((allowed) => matches(allowed, origin)),
  );
}

function originHeaders(request: S3Request, rule: CorsRule): Record<string, string> {
  return {
    "access-control-allow-origin": rule.origins.includes("*") ? "*" : (request.headers.origin ?? ""),
    vary: "Origin",
    ...(rule.exposed.length === 0 ? {} : { "access-control-expose-headers": rule.exposed.join(",") }),
  };
}

/** One `*` stands for any run of characters. To the letter: browsers send an origin in one form alone. */
function matches(pattern: string, text: string): boolean {
  const [before = "", after] = pattern.split("*", 2);
  if (after === undefined) return before === text;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}
