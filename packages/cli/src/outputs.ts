import {
  alert,
  costsResponse,
  forecastResponse,
  listAlertsResponse,
  whatIfResponse,
} from "@audiotricks/protocol/costs";
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

const scanPolicy = z.enum(["off", "after", "before"]);
const tallies = z.record(
  z.string(),
  z.strictObject({ count, samples: z.array(z.looseObject({ kind: z.string() })) }),
);

/** What a dump says of itself. */
const dumpAbout = {
  id,
  engine: z.enum(["postgres", "pglite"]),
  serverVersion: z.string(),
  migration: z.string(),
  startedAt: at,
  /** Of the key of `STORAGE_ENCRYPTION_KEY` that opens it. */
  keyId: z.string(),
};
const alertRule = z.strictObject({
  kind: z.string(),
  threshold: count,
  unit: z.string().nullable(),
  cooldownSeconds: count,
  isEnabled: z.boolean(),
});

const settled = z.strictObject({
  /** How many were named; null: all. */
  asked: count.nullable(),
  done: count,
});

const restored = z.strictObject({
  files: count,
  right: count,
  restored: count,
  bytes: count,
  failures: z.array(failure),
  isInterrupted: z.boolean(),
});

export const OUTPUTS: Readonly<Record<string, z.ZodType>> = {
  migrate: z.strictObject({
    applied: z.array(z.string()),
    /** Applied by a newer release, and not known to this one. */
    newer: z.array(z.string()),
    jobs: z.string(),
  }),
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
        purpose: z.enum(["files", "backup", "cold"]),
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
        id,
        endpoint: z.string(),
        region: z.string(),
        bucket: z.string(),
        isVersioned: z.boolean(),
      })
      .nullable(),
    backupOf: z.array(id),
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
    /** Other keys that backups of the database open with. */
    dumpKeys: z.array(z.strictObject({ keyId: z.string(), dumps: count, newestAt: at })),
    failures: z.array(failure),
  }),
  "provider disable": z.strictObject({ id, isActive: z.literal(false) }),
  "provider enable": z.strictObject({ id, isActive: z.literal(true), isPrimary: z.boolean() }),
  "place list": z.strictObject({
    places: z.array(
      z.strictObject({
        providerId: id,
        region: z.string(),
        bucket: z.string(),
        endpoint: z.string(),
        isPrimary: z.boolean(),
        isActive: z.boolean(),
        standsIn: z.boolean(),
        health: z.enum(["up", "down", "unknown"]),
        since: at.nullable(),
        cause: z.string().nullable(),
        latencyMs: count.nullable(),
        workspaces: count,
      }),
    ),
  }),
  "place stand-in": z.strictObject({ id, standsIn: z.boolean() }),
  "place home": z.strictObject({
    workspaceId: id,
    home: z.strictObject({ providerId: id, whileDown: z.enum(["elsewhere", "wait"]) }).nullable(),
  }),
  "place move": z.strictObject({ workspaceId: id, moveId: id }),
  "place moves": z.strictObject({
    moves: z.array(
      z.strictObject({
        id,
        workspaceId: id,
        providerId: id,
        state: z.enum(["running", "done", "cancelled"]),
        createdAt: at,
        endedAt: at.nullable(),
        waiting: count,
        failed: count,
        moved: count,
        movedBytes: count,
        toClear: count,
        error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  }),
  "place cancel": z.strictObject({ moveId: id, state: z.literal("cancelled") }),
  "archive list": z.strictObject({
    rules: z.array(
      z.strictObject({
        id,
        providerId: id,
        workspaceId: id.nullable(),
        olderThanDays: count,
        unusedForDays: count,
        contentTypes: z.array(z.string()).nullable(),
        leastSize: count,
        isActive: z.boolean(),
      }),
    ),
  }),
  "archive add": z.strictObject({ id }),
  "archive remove": z.strictObject({ id, removed: z.literal(true) }),
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
  cost: costsResponse.strict(),
  "cost forecast": forecastResponse.strict(),
  "cost what-if": whatIfResponse.strict(),
  "cost actual": z.strictObject({
    month: z.string(),
    providerName: z.string(),
    totalMicros: count.nullable(),
    egressBytes: count.nullable(),
  }),
  /** Millionths of a US dollar. */
  "cost price": z.strictObject({
    prices: z.array(
      z.strictObject({
        providerName: z.string(),
        region: z.string(),
        from: z.iso.date(),
        until: z.iso.date().nullable(),
        source: z.url(),
        checkedOn: z.iso.date().nullable(),
        baseFee: count,
        storageAllowance: count,
        egressAllowance: count,
        storagePerGib: count,
        egressPerGib: count,
        cold: z.strictObject({ perGib: count, retrievalPerGib: count, minimumDays: count }).nullable(),
        minimumObjectSize: count,
        readsPerMillion: count,
        writesPerMillion: count,
        isOwn: z.boolean(),
      }),
    ),
  }),
  "alerts list": listAlertsResponse.strict(),
  "alerts ack": alert.strict(),
  "alerts rules": z.strictObject({ rules: z.array(alertRule) }),
  "alerts set": alertRule,
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
  "export user": z.strictObject({
    exportId: id,
    state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
    fileId: id,
    files: z.strictObject({ total: count, done: count, missing: count }),
    bytes: count,
    expiresAt: at.nullable(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    /** Fetches the archive, for a few minutes. */
    url: z.string().nullable(),
  }),
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
    findings: tallies,
    /** How many of the list came to what. */
    deletion: z.record(z.string(), count).optional(),
  }),
  "backup status": z.strictObject({
    backups: z.array(
      z.strictObject({
        providerId: id,
        backupId: id,
        isFilled: z.boolean(),
        pending: count,
        copying: count,
        failed: count,
        waitingBytes: count,
        copied: count,
        copiedBytes: count,
        kept: count,
        recoveryPoint: at.nullable(),
      }),
    ),
    recoveryPoint: at.nullable(),
    withoutBackup: z.array(id),
    failures: z.array(
      z.strictObject({
        fileId: id,
        backupId: id,
        code: z.string(),
        message: z.string(),
        attempts: count,
        nextAttemptAt: at,
      }),
    ),
  }),
  "backup run": z.strictObject({
    copied: count,
    bytes: count,
    queued: count,
    removed: count,
    failures: z.array(failure),
  }),
  "backup compare": z.strictObject({
    backups: count,
    objects: count,
    rows: count,
    lost: count,
    unknown: count,
    deleted: count,
    uploadsAborted: count,
    failures: z.array(failure),
  }),
  "restore file": z.strictObject({
    fileId: id,
    bucket: z.string(),
    key: z.string(),
    outcome: z.enum(["right", "restored"]),
    bytes: count,
  }),
  "restore workspace": restored,
  "restore provider": restored,
  "backup database": z.strictObject({
    ...dumpAbout,
    /** In the bucket, or null; `file` as it was named, or null. */
    key: z.string().nullable(),
    file: z.string().nullable(),
    size: count,
    sha256: z.string(),
  }),
  "backup list": z.strictObject({
    dumps: z.array(
      z.strictObject({
        ...dumpAbout,
        state: z.enum(["running", "stored", "missing", "failed", "deleting", "deleted"]),
        providerId: id,
        key: z.string(),
        /** Of the object; null unless it is stored. */
        size: count.nullable(),
        sha256: z.string().nullable(),
        errorCode: z.string().nullable(),
      }),
    ),
  }),
  "restore database": z.strictObject({
    ...dumpAbout,
    from: z.string(),
    tookMs: count,
    /** Migrations. */
    applied: z.array(z.string()),
    expiryHold,
    reconciled: z.strictObject({ objects: count, rows: count, findings: tallies }).optional(),
  }),
  "restore drill": z.strictObject({
    key: z.string().nullable(),
    tables: count,
    rows: count,
    objects: count,
    size: count,
    dumpMs: count.nullable(),
    restoreMs: count,
    compareMs: count,
    differences: z.array(z.strictObject({ what: z.string(), expected: z.string(), found: z.string() })),
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
    /** There where servers go by another than these settings say. */
    scanPolicy: z.strictObject({ recorded: scanPolicy, settings: scanPolicy }).optional(),
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
