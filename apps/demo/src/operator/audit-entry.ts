import type { ListAuditResponse } from "@audiotricks/protocol/messages";

export type AuditEntry = ListAuditResponse["entries"][number];
