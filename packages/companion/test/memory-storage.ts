import { decodePeaks, isTerminalSessionState, partAt, UploadError } from "@audiotricks/protocol";
import type {
  CreateUploadResult,
  ExportRecord,
  FileRecord,
  QuotaResponse,
  ShareLink,
  UploadSession,
} from "@audiotricks/protocol/messages";
import type { AuditEntry, Caller, Principal, S3CompatUpload, Storage } from "@audiotricks/storage";

export interface MemoryStorage extends Storage {
  /** Names of the calls that would change something, in order. */
  readonly changes: string[];
  readonly audited: AuditEntry[];
  /** Makes every following call throw this. */
  failWith(error: unknown): void;
  readonly sessions: Map<string, UploadSession & { ownerId: string }>;
  readonly files: Storage["files"] & { readonly records: Map<string, FileRecord> };
}

const NOW = "2026-11-24T00:00:00.000Z";
const NO_COSTS = { month: "2026-11", currency: "USD" } as const;
const PART_SIZE = 10 * 1024 * 1024;

/** Storage without a store: owners, ids and states are real, bytes and URLs are not. For tests of the HTTP side. */
export function createMemoryStorage(): MemoryStorage {
  const sessions: MemoryStorage["sessions"] = new Map();
  const records = new Map<string, FileRecord>();
  const tokens = new Map<string, Principal & { workspaceId: string | null }>();
  const shares = new Map<string, ShareLink>();
  const changes: string[] = [];
  const audited: AuditEntry[] = [];
  const turns = new Map<string, number>();
  const derived = new Set<string>();
  const waveforms = new Map<string, Uint8Array>();
  let failure: { error: unknown } | undefined;

  function enter(change?: string): void {
    if (failure !== undefined) throw failure.error;
    if (change !== undefined) changes.push(change);
  }
  function sessionOf(caller: Caller, sessionId: string) {
    const session = sessions.get(sessionId);
    const isTheirs = "service" in caller ? derived.has(sessionId) : session?.ownerId === caller.userId;
    if (session === undefined || !isTheirs) throw new UploadError("session_not_found", "No such upload.");
    return session;
  }
  function openSessionOf(caller: Caller, sessionId: string) {
    const session = sessionOf(caller, sessionId);
    if (isTerminalSessionState(session.state))
      throw new UploadError("session_not_open", "The upload is over.", { details: { state: session.state } });
    return session;
  }
  function s3SessionOf(principal: Principal, { uploadId, key }: S3CompatUpload) {
    const session = openSessionOf(principal, uploadId);
    if (session.key !== key) throw new UploadError("session_not_found", "No such upload.");
    return session;
  }
  function fileOf(caller: Caller, fileId: string): FileRecord {
    const file = records.get(fileId);
    if (file === undefined || ("userId" in caller && file.ownerId !== caller.userId))
      throw new UploadError("file_not_found", "No such file.");
    return file;
  }
  function open(principal: Principal, name: string, size: number, workspaceId: string | null) {
    const sessionId = crypto.randomUUID();
    const session: UploadSession & { ownerId: string } = {
      sessionId,
      fileId: crypto.randomUUID(),
      state: "active",
      method: "multipart",
      key: `audio/uploads/2026/11/${sessionId}.mp3`,
      name,
      size,
      workspaceId,
      partSize: PART_SIZE,
      partCount: Math.max(1, Math.ceil(size / PART_SIZE)),
      storedParts: [],
      createdAt: NOW,
      expiresAt: NOW,
      error: null,
      ownerId: principal.userId,
    };
    sessions.set(sessionId, session);
    return session;
  }
  function wire({ ownerId: _ownerId, ...session }: UploadSession & { ownerId: string }): UploadSession {
    return session;
  }
  function finish(session: UploadSession & { ownerId: string }): FileRecord {
    session.state = "completed";
    const file: FileRecord = {
      id: session.fileId,
      name: session.name,
      size: session.size,
      type: "audio/mpeg",
      contentType: "audio_file",
      state: "stored",
      accessLevel: "private",
      workspaceId: session.workspaceId,
      ownerId: session.ownerId,
      key: session.key,
      checksumMd5: null,
      checksumSha256: null,
      downloadUrlsIssued: 0,
      createdAt: NOW,
      updatedAt: NOW,
      expiresAt: null,
      contentUrl: `/v1/files/${session.fileId}/content`,
    };
    records.set(file.id, file);
    return file;
  }

  const exports = new Map<string, ExportRecord>();
  function exportOf(id: string): ExportRecord {
    const found = exports.get(id);
    if (found === undefined) throw new UploadError("file_not_found", "There is no such export.");
    return found;
  }

  return {
    changes,
    audited,
    sessions,
    failWith: (error) => {
      failure = { error };
    },
    config: async () => {
      enter();
      return {
        maxFileSize: 5e9,
        allowedExtensions: ["mp3"],
        singlePutMaxSize: PART_SIZE,
        preferredPartSize: PART_SIZE,
        maxBatch: 100,
        maxSignBatch: 100,
        maxConcurrentParts: 10,
      };
    },
    uploads: {
      create: async (principal, files) => {
        enter("create");
        return files.map((file): CreateUploadResult => {
          if (file.size === 0)
            return { clientId: file.clientId, error: { code: "file_empty", message: "The file is empty." } };
          const session = open(principal, file.name, file.size, file.workspaceId ?? null);
          return { clientId: file.clientId, session: { ...wire(session), urls: [], resumed: false } };
        });
      },
      listOpen: async (principal) => {
        enter();
        return [...sessions.values()].filter(({ ownerId }) => ownerId === principal.userId).map(wire);
      },
      get: async (principal, sessionId) => {
        enter();
        return wire(sessionOf(principal, sessionId));
      },
      signParts: async (principal, sessionId, { partNumbers }) => {
        enter("signParts");
        const { size, partSize } = openSessionOf(principal, sessionId);
        return partNumbers.map((partNumber) => {
          if ((partNumber - 1) * partSize >= size)
            throw new UploadError("invalid_request", `Part ${partNumber} is outside the plan.`);
          const part = partAt({ fileSize: size, partSize, partNumber });
          return {
            partNumber,
            url: `https://store.test/${partNumber}`,
            headers: {},
            size: part.size,
            expiresIn: 900,
          };
        });
      },
      complete: async (principal, sessionId) => {
        enter("complete");
        const session = sessionOf(principal, sessionId);
        if (session.state === "completing") return { state: "completing", sessionId, retryAfterMs: 1200 };
        return { state: "completed", sessionId, file: finish(session) };
      },
      completeMany: async (principal, uploads) => {
        enter("completeMany");
        return uploads.map(({ sessionId }) => {
          const session = sessions.get(sessionId);
          return session?.ownerId === principal.userId
            ? { state: "completed" as const, sessionId, file: finish(session) }
            : { sessionId, error: { code: "session_not_found" as const, message: "No such upload." } };
        });
      },
      cancel: async (principal, sessionId) => {
        enter("cancel");
        openSessionOf(principal, sessionId).state = "aborted";
        return { sessionId, state: "aborted" };
      },
    },
    files: {
      records,
      list: async (principal) => {
        enter();
        return {
          files: [...records.values()].filter(({ ownerId }) => ownerId === principal.userId),
          nextCursor: null,
        };
      },
      match: async () => {
        enter();
        return { files: [] };
      },
      get: async (principal, fileId) => {
        enter();
        return fileOf(principal, fileId);
      },
      update: async (principal, fileId, { name }) => {
        enter("update");
        const file = { ...fileOf(principal, fileId), ...(name === undefined ? {} : { name }) };
        records.set(fileId, file);
        return file;
      },
      changeGroup: async (_principal, groupId, { size }) => {
        enter();
        return { id: groupId, size, stored: size, isOpen: true };
      },
      dropGroup: async (_principal, groupId) => {
        enter();
        return { id: groupId, deleted: 0, cancelled: 0, left: 0, ended: [] };
      },
      delete: async (principal, fileId) => {
        enter("delete");
        const file: FileRecord = { ...fileOf(principal, fileId), state: "deleted" };
        records.set(fileId, file);
        return file;
      },
      recall: async (principal, fileId) => {
        enter("recall");
        return fileOf(principal, fileId);
      },
      download: async (principal, fileId, { disposition }) => {
        enter();
        return { url: `https://store.test/${fileOf(principal, fileId).key}?${disposition}`, expiresIn: 300 };
      },
      readWaveform: async (principal, fileId) => {
        enter();
        const bytes = waveforms.get(fileOf(principal, fileId).id);
        if (bytes === undefined) throw new UploadError("file_not_found", "No such file.");
        return { bytes, etag: "e" };
      },
      keepWaveform: async (principal, fileId, bytes) => {
        enter("keepWaveform");
        const { id } = fileOf(principal, fileId);
        if (decodePeaks(bytes) === null) throw new UploadError("invalid_request", "No peaks.");
        waveforms.set(id, waveforms.get(id) ?? bytes);
        return { state: "stored" };
      },
      derive: async (service, fileId, { name, size }) => {
        enter("derive");
        const { ownerId, workspaceId } = fileOf(service, fileId);
        const session = open({ userId: ownerId ?? "" }, name, size, workspaceId);
        derived.add(session.sessionId);
        return { ...wire(session), urls: [], resumed: false };
      },
      putStream: () => Promise.reject(new Error("not asked for over HTTP")),
    },
    shares: {
      create: async (principal, fileId, { expiresIn, maxDownloads = null }) => {
        enter("createShare");
        const share: ShareLink = {
          id: crypto.randomUUID(),
          fileId: fileOf(principal, fileId).id,
          createdBy: principal.userId,
          createdAt: NOW,
          expiresAt: new Date(Date.parse(NOW) + expiresIn * 1000).toISOString(),
          maxDownloads,
          downloads: 0,
          lastUsedAt: null,
        };
        const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
        shares.set(token, share);
        return { share, token };
      },
      list: async (principal, fileId) => {
        enter();
        const { id } = fileOf(principal, fileId);
        return [...shares.values()].filter((share) => share.fileId === id);
      },
      revoke: async (principal, fileId, shareId) => {
        enter("revokeShare");
        const { id } = fileOf(principal, fileId);
        const [token] = [...shares].find(([, share]) => share.id === shareId && share.fileId === id) ?? [];
        if (token === undefined) throw new UploadError("share_not_found", "No such link.");
        shares.delete(token);
      },
      endAll: async (principal, fileId) => {
        enter("endShares");
        const { id } = fileOf(principal, fileId);
        for (const [token, share] of shares) if (share.fileId === id) shares.delete(token);
      },
      open: async (token) => {
        enter();
        const share = shares.get(token);
        if (share === undefined) throw new UploadError("share_not_found", "No such link.");
        return { url: `https://store.test/${share.fileId}`, expiresIn: 60, fileId: share.fileId };
      },
    },
    exports: {
      create: async (_principal, { kind, name = "export.zip" }) => {
        enter("createExport");
        const made: ExportRecord = {
          id: crypto.randomUUID(),
          kind: kind === "user-data" ? kind : "files",
          state: "queued",
          name,
          fileId: crypto.randomUUID(),
          files: { total: 1, done: 0, missing: 0 },
          bytes: { total: 100, done: 0 },
          createdAt: NOW,
          finishedAt: null,
          expiresAt: null,
          error: null,
        };
        exports.set(made.id, made);
        return made;
      },
      list: async () => {
        enter();
        return { exports: [...exports.values()], nextCursor: null };
      },
      get: async (_principal, id) => {
        enter();
        return exportOf(id);
      },
      cancel: async (_principal, id) => {
        enter("cancelExport");
        const cancelled: ExportRecord = { ...exportOf(id), state: "cancelled", finishedAt: NOW };
        exports.set(id, cancelled);
        return cancelled;
      },
      download: async (_principal, id) => {
        enter();
        return { url: `https://store.test/${exportOf(id).fileId}`, expiresIn: 300 };
      },
      run: () => Promise.reject(new Error("not asked for over HTTP")),
    },
    quota: async (principal) => {
      enter();
      return quotaOf(principal.userId);
    },
    standings: async (questions) => {
      enter();
      return questions.map(({ userId }) => ({ ...quotaOf(userId), files: [] }));
    },
    usage: async (principal, { period }) => {
      enter();
      return { scope: "user", id: principal.userId, period, entries: [], nextCursor: null };
    },
    s3: {
      presignPost: async (principal, file) => {
        enter("presignPost");
        const { key } = open(principal, file.name, file.size ?? 1, file.workspaceId ?? null);
        return { url: "https://store.test/bucket", fields: { key, policy: "p" }, expiresIn: 900 };
      },
      createMultipart: async (principal, file) => {
        enter("createMultipart");
        const session = open(principal, file.name, file.size ?? 1e9, file.workspaceId ?? null);
        return { key: session.key, uploadId: session.sessionId };
      },
      signPart: async (principal, upload, partNumber) => {
        enter("signPart");
        return {
          url: `https://store.test/${s3SessionOf(principal, upload).key}?${partNumber}`,
          expiresIn: 900,
        };
      },
      listParts: async (principal, upload) => {
        enter();
        return s3SessionOf(principal, upload).storedParts;
      },
      complete: async (principal, upload, parts) => {
        enter(`s3Complete ${parts.map(({ etag }) => etag).join()}`);
        const { key } = finish(s3SessionOf(principal, upload));
        return { location: `https://store.test/${key}`, key, bucket: "bucket" };
      },
      abort: async (principal, upload) => {
        enter("s3Abort");
        s3SessionOf(principal, upload).state = "aborted";
      },
    },
    s3Tokens: {
      issue: async (principal, { workspaceId } = {}) => {
        enter("issue");
        const token = crypto.randomUUID();
        tokens.set(token, { ...principal, workspaceId: workspaceId ?? null });
        return { token, expiresIn: 3600 };
      },
      find: async (token) => {
        enter();
        return tokens.get(token);
      },
      revoke: async (principal, token) => {
        enter("revoke");
        if (tokens.get(token)?.userId === principal.userId) tokens.delete(token);
      },
    },
    audit: {
      record: (entry) => void audited.push(entry),
      write: async (entries) => void audited.push(...entries),
      flush: async () => {},
      list: async () => {
        enter();
        return { entries: [], nextCursor: null };
      },
    },
    costs: {
      report: async () => {
        enter();
        return {
          ...NO_COSTS,
          providers: [],
          unpriced: [],
          hours: { inMonth: 720, passed: 0, counted: 0 },
          totalMicros: 0,
          payers: [],
          otherPayersMicros: 0,
          actuals: [],
        };
      },
      forecast: async () => {
        enter();
        const totalMicros = { low: 0, expected: 0, high: 0 };
        return {
          ...NO_COSTS,
          providers: [],
          unpriced: [],
          method: "flat",
          daysUsed: 0,
          hoursLeft: 720,
          soFarMicros: 0,
          totalMicros,
        };
      },
      whatIf: async () => {
        enter();
        return { ...NO_COSTS, providers: [], savedMicros: 0, unknown: [] };
      },
    },
    analytics: {
      dashboard: async () => ({ at: NOW, providers: [] }),
      usage: async () => ({ from: NOW, to: NOW, workspaces: [], nextCursor: null }),
      growth: async (_, { by }) => ({ from: NOW, to: NOW, by, entries: [] }),
      activity: async (_, { by, measure }) => ({ from: NOW, to: NOW, by, measure, entries: [] }),
      sessions: async () => ({ sessions: [], nextCursor: null }),
      jobs: async () => ({ queues: [] }),
      backups: async () => ({ at: NOW, recoveryPoint: null, backups: [], withoutBackup: [], failures: [] }),
      databaseBackups: async () => ({ at: NOW, newestStoredAt: null, backups: [] }),
      moves: async () => ({ moves: [] }),
      archive: async () => ({
        rules: [],
        archiving: { waiting: 0, failed: 0 },
        recalling: { waiting: 0, failed: 0 },
      }),
      uploadStory: async () => {
        throw new UploadError("session_not_found", "No such upload.");
      },
    },
    alerts: {
      list: async () => {
        enter();
        return { alerts: [], nextCursor: null };
      },
      acknowledge: async () => {
        enter("acknowledge");
        throw new UploadError("alert_not_found", "No such alert.");
      },
    },
    rates: {
      consume: async ({ name, perMinute }, key) => {
        const count = (turns.get(name + key) ?? 0) + 1;
        turns.set(name + key, count);
        return count > perMinute ? 41_500 : 0;
      },
    },
    // No route leads to these.
    checkFiles: async () => ({ inspected: 0, scanned: 0, quarantined: [], failures: [] }),
    lookAtBuckets: async () => [],
    moveFiles: () => Promise.reject(new Error("not here")),
    sweep: () => Promise.reject(new Error("not here")),
    upkeep: {
      previewSweep: () => Promise.reject(new Error("not here")),
      recountUsage: () => Promise.reject(new Error("not here")),
      measureInvisible: () => Promise.reject(new Error("not here")),
      watchAlerts: () => Promise.reject(new Error("not here")),
      sampleStorage: () => Promise.reject(new Error("not here")),
      keepOperations: () => Promise.reject(new Error("not here")),
      reconcile: () => Promise.reject(new Error("not here")),
      endExpiryHold: () => Promise.reject(new Error("not here")),
      deleteUnknownObject: () => Promise.reject(new Error("not here")),
    },
    backups: {
      run: () => Promise.reject(new Error("not here")),
      state: () => Promise.reject(new Error("not here")),
      compare: () => Promise.reject(new Error("not here")),
      restoreFile: () => Promise.reject(new Error("not here")),
      restore: () => Promise.reject(new Error("not here")),
    },
    dumps: {
      create: () => Promise.reject(new Error("not here")),
      retain: () => Promise.reject(new Error("not here")),
      list: () => Promise.reject(new Error("not here")),
      read: () => Promise.reject(new Error("not here")),
    },
    checkReady: async () => enter(),
    close: async () => {},
  };
}

function quotaOf(userId: string): QuotaResponse {
  const counted = { usedBytes: 0, reservedBytes: 0, usedFiles: 0, reservedFiles: 0 };
  const unlimited = { limitBytes: null, limitFiles: null, status: "normal" } as const;
  return { quotas: [{ scope: "user", id: userId, ...counted, ...unlimited }] };
}
