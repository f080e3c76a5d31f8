import {
  AUDIO_TYPES,
  extensionOf,
  isAudioExtension,
  UploadError,
  type UploadErrorCode,
} from "@audiotricks/protocol";
import { sql } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import { beginAgain } from "../begin-again.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import type { Principal } from "../storage.ts";

/** One file as the database is asked to make room for it. */
export interface Reservation {
  clientId: string;
  requestHash: string;
  name: string;
  /** Bytes; the most it may have where `sizeKnown` is false. */
  size: number;
  sizeKnown: boolean;
  contentType: string;
  contentCategory?: string;
  workspaceId: string | null;
  metadata: Record<string, unknown>;
  method: "put" | "multipart" | null;
}

export type Reserved =
  | { outcome: "created" | "repeated"; sessionId: string }
  | { outcome: "refused"; error: UploadError };

/**
 * Makes room for a batch in one statement: quota, file row and session row, or nothing. Each file fails alone.
 *
 * @returns One result per file, in order.
 */
export async function reserveUploads(
  { caller, work }: CallerContext<Principal>,
  files: readonly Reservation[],
  options: {
    origin: "v1" | "s3";
    idempotencyKey: string | undefined;
    /** Names of regions, the nearest to whoever uploads first. */
    regions?: readonly string[] | undefined;
  },
): Promise<Reserved[]> {
  if (files.length === 0) return [];
  const elements = files.map((file) => ({
    ...file,
    ...(options.regions === undefined ? {} : { regions: options.regions }),
    mimeType: pinnedTypeOf(extensionOf(file.name) ?? ""),
    expiresInSeconds: work.settings.sessionExpiresIn,
  }));
  const { rows } = await beginAgain(() =>
    sql<ReservedRow>`
    SELECT ordinal, outcome, session_id, details
    FROM reserve_uploads(${caller.userId}, ${options.origin}, ${options.idempotencyKey ?? null},
      ${JSON.stringify(elements)}::jsonb)
    ORDER BY ordinal`.execute(work.db),
  );
  return rows.map(toReserved);
}

/**
 * Whether the type that a browser announced speaks against the extension. Many announce nothing or something general,
 * so only what is plainly of another kind counts; the bytes decide at completion.
 */
export function contradictsExtension(name: string, type: string): boolean {
  const extension = extensionOf(name);
  const announced = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!isAudioExtension(extension) || announced === "" || announced === "application/octet-stream")
    return false;
  const accepted: readonly string[] = AUDIO_TYPES[extension].accepts;
  return !announced.startsWith("audio/") && !accepted.includes(announced);
}

/** How the database answers for one file. */
export interface ReservedRow {
  outcome: string;
  session_id: string | null;
  details: Record<string, unknown>;
}

export function toReserved({ outcome, session_id: sessionId, details }: ReservedRow): Reserved {
  if ((outcome === "created" || outcome === "repeated") && sessionId !== null) return { outcome, sessionId };
  const code = details.reason === "unknown_user" ? "unknown_user" : REFUSALS[outcome];
  if (code === undefined) throw new Error(`reserve_uploads answered ${outcome}`);
  const error = new UploadError(code, messageOf(code, details), { details });
  return { outcome: "refused", error };
}

const REFUSALS: Readonly<Record<string, UploadErrorCode>> = {
  idempotency_conflict: "idempotency_conflict",
  quota_exceeded: "quota_exceeded",
  file_empty: "file_empty",
  file_too_large: "file_too_large",
  type_not_allowed: "type_not_allowed",
  no_provider: "no_provider",
  workspace_not_found: "workspace_not_found",
  forbidden: "forbidden",
  file_not_found: "file_not_found",
  file_not_ready: "file_not_ready",
  too_many_sessions: "too_many_sessions",
};

function messageOf(code: UploadErrorCode, details: Record<string, unknown>): string {
  switch (code) {
    case "idempotency_conflict":
      return "This Idempotency-Key was used for another request.";
    case "quota_exceeded":
      return details.scope === "workspace"
        ? "The workspace has not enough storage left."
        : "You have not enough storage left.";
    case "file_empty":
      return "The file is empty.";
    case "file_too_large":
      return `The file is larger than ${String(details.maxFileSize)} bytes.`;
    case "type_not_allowed":
      return "Files of this type are not accepted.";
    case "no_provider":
      return "No storage is set up.";
    case "workspace_not_found":
      return "There is no such workspace.";
    case "unknown_user":
      return "This user is not known here.";
    case "forbidden":
      return "You may not upload to this workspace.";
    case "file_not_found":
      return "There is no such file.";
    case "file_not_ready":
      return `The file is ${String(details.state)}.`;
    case "too_many_sessions":
      return "Too many uploads are open. Finish or cancel some first.";
    default:
      return "The upload was refused.";
  }
}
