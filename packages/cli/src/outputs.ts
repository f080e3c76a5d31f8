import { listAuditResponse, listUsageResponse } from "@audiotricks/protocol/messages";
import { z } from "zod";

// What `--json` prints, by command: `COMMAND --help --json` prints it as JSON Schema. Sizes are bytes, instants ISO 8601 in UTC,
// `null` is no limit. A field is only ever added.

const at = z.iso.datetime();
const id = z.uuid();
const count = z.int().min(0);
const limit = count.nullable();
const owner = { scope: z.enum(["user", "workspace"]), id };
const failure = z.object({
  id: z.string(),
  code: z.string(),
  message: z.string(),
  cause: z.string().optional(),
});

const step = z.strictObject({
  part: z.enum(["bucket", "cors", "lifecycle", "versioning", "cdn"]),
  name: z.string(),
  outcome: z.enum(["made", "there"]),
});

const bucketFinding = z.strictObject({
  code: z.string(),
  what: z.string(),
  breaks: z.string(),
  mend: z.string(),
});
const visit = { id, bucket: z.string() };

/** There while files are held back after a restore. */
const expiryHold = z
  .strictObject({ id: id.nullable(), unknownFrom: at, unknownUntil: at, files: count, filesLater: count })
  .optional();
const heldFile = z.strictObject({
  id,
  key: z.string(),
  expiresAt: at,
  userId: id.nullable(),
  workspaceId: id.nullable(),
});

const settled = z.strictObject({
  /** How many were named; null: all. */
  asked: count.nullable(),
  done: count,
});

export const OUTPUTS: Readonly<Record<string, z.ZodType>> = {
  migrate: z.strictObject({ applied: z.array(z.string()), jobs: z.string() }),
  "provider list": z.strictObject({
    providers: z.array(
      z.strictObject({
        id,
        name: z.string(),
        endpoint: z.string(),
        region: z.string(),
        bucket: z.string(),
        accessKeyId: z.string(),
        secret: z.enum(["sealed", "environment"]),
        sealedWith: z.string().nullable(),
        isPrimary: z.boolean(),
        isActive: z.boolean(),
        cdnEndpoint: z.string().nullable(),
      }),
    ),
  }),
  "provider add": z.strictObject({
    id,
    isPrimary: z.boolean(),
    steps: z.array(step),
    cdnEndpoint: z.string().nullable(),
    cdnId: z.string().nullable(),
    backup: z
      .strictObject({
        endpoint: z.string(),
        region: z.string(),
        bucket: z.string(),
        isVersioned: z.boolean(),
      })
      .nullable(),
  }),
  "provider rotate": z.strictObject({
    id,
    accessKeyId: z.string(),
    oldAccessKeyId: z.string(),
    retireOldKeyAfter: at,
  }),
  "provider rewrap": z.strictObject({
    keyId: z.string(),
    rewrapped: z.array(id),
    current: z.array(id),
    failures: z.array(failure),
  }),
  "provider disable": z.strictObject({ id, isActive: z.literal(false) }),
  "quota set": z.union([
    z.strictObject({ ...owner, maxBytes: limit, maxFiles: limit }),
    z.strictObject({ ...owner, hadOwn: z.boolean() }),
  ]),
  usage: z.union([
    z.strictObject({
      usage: z.array(
        z.strictObject({
          ...owner,
          usedBytes: count,
          reservedBytes: count,
          maxBytes: limit,
          usedFiles: count,
          reservedFiles: count,
          maxFiles: limit,
        }),
      ),
    }),
    listUsageResponse.strict(),
  ]),
  sessions: z.strictObject({
    sessions: z.array(
      z.strictObject({
        sessionId: id,
        state: z.string(),
        fileName: z.string(),
        fileSize: count,
        uploadedBytes: count,
        userId: id.nullable(),
        workspaceId: id.nullable(),
        providerId: id,
        createdAt: at,
        expiresAt: at,
        errorCode: z.string().nullable(),
      }),
    ),
  }),
  audit: listAuditResponse.strict(),
  "quarantine list": z.strictObject({
    files: z.array(
      z.strictObject({
        fileId: id,
        state: z.string(),
        scan: z.string(),
        verdict: z.string().nullable(),
        fileName: z.string(),
        fileSize: count,
        userId: id.nullable(),
        workspaceId: id.nullable(),
        createdAt: at,
        attempts: count,
        lastError: z.string().nullable(),
      }),
    ),
  }),
  "quarantine release": z.strictObject({ fileId: id, released: z.literal(true) }),
  "quarantine delete": z.strictObject({ fileId: id, deleted: z.literal(true) }),
  sweep: z.union([
    z.strictObject({
      expired: count,
      sessionsAborted: count,
      sessionsCompleted: count,
      filesDeleted: count,
      accessSettled: count,
      copiesPurged: count,
      uploadsAborted: count,
      temporaryDeleted: count,
      failures: z.array(failure),
      expiryHold,
    }),
    z.strictObject({
      sessionsToExpire: count,
      filesToExpire: count,
      sessionsToComplete: count,
      sessionsToAbort: count,
      filesToDelete: count,
      uploadsToAbort: z.array(z.string()),
      temporaryToDelete: z.array(z.string()),
      temporaryToComplete: z.array(z.string()),
      failures: z.array(failure),
      expiryHold,
      filesHeld: z.array(heldFile).optional(),
    }),
  ]),
  reconcile: z.strictObject({
    providers: count,
    objects: count,
    rows: count,
    findings: z.record(
      z.string(),
      z.strictObject({ count, samples: z.array(z.looseObject({ kind: z.string() })) }),
    ),
    /** How many of the list came to what. */
    deletion: z.record(z.string(), count).optional(),
  }),
  "dead-letters list": z.strictObject({
    deadLetters: z.array(
      z.strictObject({
        id,
        type: z.string(),
        orderingKey: z.string(),
        data: z.unknown(),
        occurredAt: at,
        gaveUpAt: at,
        attempts: count,
        lastError: z.string().nullable(),
      }),
    ),
  }),
  "dead-letters retry": settled,
  "dead-letters drop": settled,
  doctor: z.strictObject({
    expiryHold,
    origins: z.array(z.string()),
    buckets: z.array(
      z.union([
        z.strictObject({
          ...visit,
          findings: z.array(bucketFinding),
          fixed: z.array(bucketFinding),
          refusedFixes: z.array(z.strictObject({ code: z.string(), answer: z.string() })),
        }),
        z.strictObject({ ...visit, error: z.strictObject({ code: z.string(), message: z.string() }) }),
      ]),
    ),
  }),
  conformance: z.strictObject({
    endpoint: z.string(),
    bucket: z.string(),
    limits: z.record(z.string(), z.number()),
    prefix: z.string(),
    findings: z.array(
      z.strictObject({
        name: z.string(),
        asks: z.string(),
        stated: z.string().optional(),
        outcome: z.union([
          z.strictObject({ verdict: z.enum(["as_stated", "other"]), answer: z.string() }),
          z.strictObject({
            verdict: z.literal("could_not_tell"),
            reason: z.string(),
            isConnection: z.boolean(),
          }),
        ]),
        means: z.string(),
      }),
    ),
    isInterrupted: z.boolean(),
    cost: z.strictObject({ requests: count, bytes: count }),
    cleanUp: z.union([
      z.strictObject({ isClean: z.literal(true) }),
      z.strictObject({
        isClean: z.literal(false),
        left: z.array(z.looseObject({ kind: z.enum(["upload", "object", "version"]), key: z.string() })),
        answer: z.string(),
      }),
    ]),
  }),
};

/** JSON Schema of what a command prints with `--json`. */
export function outputSchema(name: string): object {
  const output = OUTPUTS[name];
  if (output === undefined) throw new Error(`${name} has no output`);
  return z.toJSONSchema(output, { io: "output" });
}
