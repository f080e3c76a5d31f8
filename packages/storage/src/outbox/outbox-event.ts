import type { FileState } from "@audiotricks/protocol";
import type { ContentKind } from "@audiotricks/protocol/messages";

/**
 * What is sent. `version` is that of `data` for this `type`: within one, members are only added. `timestamp` is when it
 * happened, ISO 8601 in UTC; of two events about one file or one quota, the later has the higher `sequence`.
 */
export type OutboxEvent = { version: number; timestamp: string; sequence: number } & (
  | { type: "file.stored" | "file.deleted"; data: { file: EventFile } }
  | {
      type: "upload.failed";
      /** `cancelled`, `expired`, `owner_deleted`, or the code of an error. */
      data: { file: EventFile; sessionId: string | null; reason: string };
    }
  | { type: "quota.warning"; data: QuotaWarning }
);

export interface EventFile {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  type: string | null;
  contentType: ContentKind;
  contentCategory: string | null;
  /** The file that this one was made of. */
  derivedFrom: string | null;
  state: FileState;
  key: string;
  bucket: string;
  endpoint: string;
  region: string;
  etag: string | null;
  checksumMd5: string | null;
  checksumSha256: string | null;
  /** Whoever it was, where that user is gone. */
  ownerId: string | null;
  workspaceId: string | null;
}

/** The highest step that was reached; told once each time it is, from below. */
export interface QuotaWarning {
  scope: "user" | "workspace";
  scopeId: string;
  /** Per cent. */
  threshold: 80 | 90 | 100;
  usedBytes: number;
  reservedBytes: number;
  limitBytes: number | null;
  usedFiles: number;
  reservedFiles: number;
  limitFiles: number | null;
}
