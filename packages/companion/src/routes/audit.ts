import { auditEntry, listAuditQuery, listAuditResponse } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import type { Guard } from "../access/guard.ts";
import type { CompanionApp } from "../companion-env.ts";
import { createAddTable, csvOf } from "./tables.ts";

export function addAuditRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  createAddTable(
    app,
    guard,
  )({
    name: "audit",
    action: "listAudit",
    summary: "Who did what, newest first; for operators",
    query: listAuditQuery,
    answer: listAuditResponse,
    read: (principal, query) => storage.audit.list(principal, query),
    csv: ({ entries }) => csvOf(auditEntry, entries),
  });
}
