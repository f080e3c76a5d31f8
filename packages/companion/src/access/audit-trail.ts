import { UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import { ACCESS, type Access, type Action, type AuditEntry, type Storage } from "@audiotricks/storage";
import type { Context, MiddlewareHandler } from "hono";
import type { CompanionEnv } from "../companion-env.ts";

/** What became of one of the resources that a request was about. */
export interface Affected {
  id?: string;
  outcome: AuditEntry["outcome"];
}

/** Writes down what the access table wants written, once the answer is known. */
export function auditTrail({ audit }: Pick<Storage, "audit">): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    await next();
    const action = c.get("action") as Action | undefined;
    // No route of ours, or one that is for anyone.
    if (action === undefined) return;
    const access: Access = ACCESS[action];
    const isAwaited = access.audit === "each" && c.error === undefined;
    const entries = entriesOf(c, action).filter(({ outcome }) => isWanted(outcome, access));
    if (isAwaited) await audit.write(entries);
    else for (const entry of entries) audit.record(entry);
  };
}

function entriesOf(c: Context<CompanionEnv>, action: Action): AuditEntry[] {
  const affected = c.error === undefined ? (c.get("affected") ?? affectedByPath(c)) : [failure(c)];
  const who = {
    caller: c.get("caller") as AuditEntry["caller"] | undefined,
    action,
    address: c.get("address"),
    requestId: c.get("requestId"),
  };
  return affected.map(({ id, outcome }) => ({ ...who, resourceId: id, outcome }));
}

/** 202 is not yet: whoever asks again will be told. */
function affectedByPath(c: Context<CompanionEnv>): Affected[] {
  return c.res.status === 202 ? [] : [{ ...idInPath(c), outcome: "done" }];
}

function failure(c: Context<CompanionEnv>): Affected {
  const outcome = c.error instanceof UploadError ? c.error.code : "internal";
  // Of many at once that are turned away, one row is enough.
  return outcome === "unauthenticated" || outcome === "rate_limited"
    ? { outcome }
    : { ...idInPath(c), outcome };
}

function idInPath(c: Context<CompanionEnv>): { id?: string } {
  const id = c.req.param("id") ?? c.req.param("uploadId");
  return id === undefined ? {} : { id };
}

const REFUSALS: ReadonlySet<string> = new Set<UploadErrorCode>([
  "unauthenticated",
  "forbidden",
  "unknown_user",
  "session_not_found",
  "file_not_found",
  "workspace_not_found",
  "share_not_found",
  "alert_not_found",
  "quota_exceeded",
  "too_many_sessions",
  "rate_limited",
]);
/** Nothing was tried. */
const MALFORMED: ReadonlySet<string> = new Set<UploadErrorCode>(["invalid_request", "body_too_large"]);

function isWanted(outcome: AuditEntry["outcome"], { audit }: Access): boolean {
  if (outcome === "done") return audit !== "refusals";
  return REFUSALS.has(outcome) || (audit === "each" && !MALFORMED.has(outcome));
}
