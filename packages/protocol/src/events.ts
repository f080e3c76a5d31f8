/**
 * Events as webhooks carry them, as zod schemas. Sizes are bytes; instants are ISO 8601 in UTC. Within one `version` of a type
 * members are only added, and new types come at any time: what a receiver does not know it ignores.
 */
import { z } from "zod";
import { contentKind } from "./messages.ts";
import { FILE_STATES, SCAN_STATES } from "./states.ts";

const id = z.uuid();
const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const eventFile = z.object({
  id,
  name: z.string(),
  size: bytes,
  type: z.string().nullable(),
  contentType: contentKind,
  contentCategory: z.string().nullable(),
  /** The file that this one was made of. */
  derivedFrom: id.nullable(),
  state: z.enum(FILE_STATES),
  /** `held`: it is not given out before `file.released` comes. */
  scan: z.enum(["none", ...SCAN_STATES]).optional(),
  /** Where the object lies, for those who have keys of their own. */
  key: z.string(),
  bucket: z.string(),
  endpoint: z.string(),
  region: z.string(),
  etag: z.string().nullable(),
  checksumMd5: z.string().nullable(),
  checksumSha256: z.string().nullable(),
  /** Whoever it was, where that user or workspace is gone. */
  ownerId: id.nullable(),
  workspaceId: id.nullable(),
});

const quotaWarning = z.object({
  scope: z.enum(["user", "workspace"]),
  scopeId: id,
  /** Per cent: the highest step that was reached. Told once each time it is, from below. */
  threshold: z.union([z.literal(80), z.literal(90), z.literal(100)]),
  usedBytes: bytes,
  reservedBytes: bytes,
  /** null: no limit. */
  limitBytes: bytes.nullable(),
  usedFiles: z.number().int(),
  reservedFiles: z.number().int(),
  limitFiles: z.number().int().nullable(),
});

const alertData = z.object({
  id,
  /** What it is about, such as `growth` or `budget`; more come at any time. */
  kind: z.string(),
  /** `deployment`, or `provider:<id>`, `workspace:<id>`, `user:<id>`. */
  subject: z.string(),
  /** In the unit of the kind. */
  value: z.number().int(),
  threshold: z.number().int(),
  message: z.string(),
  raisedAt: z.iso.datetime(),
});

const common = {
  version: z.literal(1),
  /** When it happened, not when it was sent. */
  timestamp: z.iso.datetime(),
  /** Of two events about one file, one quota or one alert, the later has the higher one. */
  sequence: z.number().int(),
};

export const storageEvent = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal("file.stored"), data: z.object({ file: eventFile }) }),
  z.object({ ...common, type: z.literal("file.deleted"), data: z.object({ file: eventFile }) }),
  z.object({
    ...common,
    type: z.literal("file.quarantined"),
    /** `verdict`: what the scanner called it; null where somebody did it by hand. */
    data: z.object({ file: eventFile, verdict: z.string().nullable() }),
  }),
  /** It is given out from now on: a scan that held it is over, or an operator has let it go. */
  z.object({ ...common, type: z.literal("file.released"), data: z.object({ file: eventFile }) }),
  z.object({
    ...common,
    type: z.literal("upload.failed"),
    data: z.object({
      file: eventFile,
      sessionId: id.nullable(),
      /** `cancelled`, `expired`, `owner_deleted`, or the code of an error. */
      reason: z.string(),
    }),
  }),
  z.object({ ...common, type: z.literal("quota.warning"), data: quotaWarning }),
  /** A person should look. Told once for as long as it is so. */
  z.object({ ...common, type: z.literal("alert.raised"), data: alertData }),
  z.object({ ...common, type: z.literal("alert.cleared"), data: alertData }),
]);

export type EventFile = z.infer<typeof eventFile>;
export type StorageEvent = z.infer<typeof storageEvent>;
