import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { LogEvent } from "kysely";

const tracer = trace.getTracer("@audiotricks/storage");

/** For Kysely's option `log`: a span for each statement, by what it does to what. Neither its text nor its values are in it. */
export function traceStatements({ level, query, queryDurationMillis, ...rest }: LogEvent): void {
  const end = Date.now();
  const name = nameOfStatement(query.sql);
  const span = tracer.startSpan(name, {
    kind: SpanKind.CLIENT,
    startTime: end - queryDurationMillis,
    attributes: { "db.system.name": "postgresql", "db.query.summary": name },
  });
  if (level === "error") {
    const { error } = rest as { error: unknown };
    if (typeof error === "object" && error !== null && "code" in error)
      span.setAttribute("error.type", String(error.code));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(end);
}

/** As `UPDATE file_storage` or `SELECT reserve_uploads`: what is changed, else what is read, and the first table or function of it. */
export function nameOfStatement(text: string): string {
  const words = text.slice(0, 4000).replace(/--.*$/gm, "");
  const change = CHANGE.exec(words);
  if (change !== null) return `${change[1]?.split(/\s/)[0]?.toUpperCase()} ${change[2]?.toLowerCase()}`;
  const verb = /\b(select|begin|start|commit|rollback|savepoint|release|set)\b/i
    .exec(words)?.[1]
    ?.toUpperCase();
  if (verb !== "SELECT") return verb ?? "SQL";
  const target = TABLE.exec(words)?.[1] ?? /\bselect\s+"?([a-z_]\w*)"?\s*\(/i.exec(words)?.[1];
  return target === undefined ? verb : `${verb} ${target.toLowerCase()}`;
}

/** Not what is locked, nor what an insert does instead. */
const CHANGE = /\b(insert\s+into|delete\s+from|(?<!\b(?:for|key|do)\s+)update)\s+"?([a-z_]\w*)/i;
/** Not a function that gives rows. */
const TABLE = /\b(?:from|join)\s+"?([a-z_]\w*)\b(?!"?\s*\()/i;
