import { createHash } from "node:crypto";
import { planParts, UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import type {
  CompleteUploadRequest,
  CreatedUpload,
  FileRecord,
  PartUrl,
  StoredPart,
} from "@audiotricks/protocol/messages";
import type { CompanionClient } from "../../src/companion-client.ts";
import type { Clock } from "../../src/engine/clock.ts";
import type { PutAnswer, PutPart } from "../../src/engine/put-part.ts";
import { HANDED_OVER, type HashBlob } from "../../src/md5/blob-hasher.ts";

/** A file without bytes: which stretch of which content a slice is, is all that anybody can find out about it. */
export class ContentBlob extends Blob {
  readonly content: string;
  readonly offset: number;
  readonly #size: number;

  constructor(content: string, size: number, offset = 0) {
    super();
    this.content = content;
    this.#size = size;
    this.offset = offset;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(start = 0, end = this.#size): ContentBlob {
    return new ContentBlob(this.content, Math.min(end, this.#size) - start, this.offset + start);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(new ArrayBuffer(0));
  }

  get md5(): Buffer {
    return createHash("md5").update(`${this.content}/${this.offset}/${this.#size}`).digest();
  }
}

/** What was read of one: as long, and as empty. */
class ContentBytes extends Uint8Array<ArrayBuffer> {
  readonly read: ContentBlob;

  constructor(read: ContentBlob) {
    super(new ArrayBuffer(0));
    this.read = read;
  }

  override get byteLength(): number {
    return this.read.size;
  }
}

interface Session {
  sessionId: string;
  content: string | null;
  state: "active" | "completed" | "aborted";
  name: string;
  size: number;
  partSize: number;
  partCount: number;
  parts: Map<number, StoredPart>;
  file: FileRecord | null;
}

export interface CloudOptions {
  clock: Clock;
  random: () => number;
  partSize: number;
  /** How likely a request meets with trouble. */
  trouble: number;
  expiresInSeconds: number;
}

/** Companion and store in one, with what can go wrong between them and a browser: late, lost, doubled and refused. */
export class SimulatedCloud {
  readonly sessions = new Map<string, Session>();
  readonly calls: string[] = [];
  /** PUTs that the store accepted, and of those the ones whose answer reached the browser. */
  readonly accepted: { sessionId: string; partNumber: number }[] = [];
  readonly acknowledged = new Set<string>();
  /** PUTs begun for a part whose success was acknowledged before. */
  readonly needless: string[] = [];
  /** PUTs begun while another one of the same part was under way, and nothing had gone wrong with it. */
  readonly doubled: string[] = [];
  /** PUTs begun for a part that the page had been told is there. */
  readonly sentThoughListed: string[] = [];
  readonly #underWay = new Map<string, AbortSignal>();
  /** Parts that a page was told of when it took up their session. */
  readonly listed = new Set<string>();
  trouble: number;
  isOnline = true;
  isCompanionUp = true;
  isSignedIn = true;
  completions = 0;
  /** Completions for which the browser did not say what the bytes are. */
  unproved = 0;
  readonly #options: CloudOptions;
  readonly #byKey = new Map<string, Session>();
  readonly #urls = new Map<string, { sessionId: string; partNumber: number; expiresAt: number }>();
  #lastId = 0;

  constructor(options: CloudOptions) {
    this.#options = options;
    this.trouble = options.trouble;
  }

  #id(): string {
    this.#lastId += 1;
    return `id-${this.#lastId}`;
  }

  #chance(likelihood: number): boolean {
    return this.#options.random() < likelihood;
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }

  /** A call that may not arrive, or whose answer may not. */
  async #call<T>(name: string, signal: AbortSignal | undefined, run: () => T): Promise<T> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      return await Promise.race([aborted, this.#answer(name, run)]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      aborted.catch(() => {});
    }
  }

  async #answer<T>(name: string, run: () => T): Promise<T> {
    const unreachable = () => new UploadError("internal", "away", { details: { reason: "unreachable" } });
    this.calls.push(name);
    await this.#after(1 + this.#options.random() * 50);
    if (!this.isOnline || !this.isCompanionUp || this.#chance(this.trouble)) throw unreachable();
    if (this.#chance(this.trouble / 2)) throw new UploadError("database_unavailable", "busy");
    if (!this.isSignedIn) throw new UploadError("unauthenticated", "Please sign in again.");
    const result = run();
    await this.#after(1 + this.#options.random() * 50);
    if (!this.isOnline || this.#chance(this.trouble)) throw unreachable();
    return result;
  }

  #sign({ sessionId, partSize, size }: Session, partNumbers: number[]): PartUrl[] {
    const { clock, expiresInSeconds } = this.#options;
    return partNumbers.map((partNumber) => {
      const url = this.#id();
      this.#urls.set(url, { sessionId, partNumber, expiresAt: clock.now() + expiresInSeconds * 1000 });
      const bytes = Math.min(partSize, size - (partNumber - 1) * partSize);
      return { partNumber, url, headers: {}, size: bytes, expiresIn: expiresInSeconds };
    });
  }

  #open(sessionId: string): Session {
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw refusal("session_not_found");
    if (session.state === "completed") throw refusal("session_completed");
    if (session.state !== "active") throw refusal("session_not_open", { state: session.state });
    return session;
  }

  #create(key: string, file: { clientId: string; name: string; size: number; resume?: string | undefined }) {
    const known = this.#byKey.get(`${key}/${file.clientId}`);
    const offered = file.resume === undefined ? undefined : this.sessions.get(file.resume);
    const isThere = offered?.state === "active" || offered?.state === "completed";
    const isFit = isThere && offered.size === file.size && offered.name === file.name;
    let session = known ?? (isFit ? offered : undefined);
    const resumed = session !== undefined;
    if (session === undefined) {
      const sessionId = this.#id();
      const { partSize } = this.#options;
      const partCount = Math.ceil(file.size / partSize);
      const { name, size } = file;
      const parts = new Map<number, StoredPart>();
      session = {
        sessionId,
        content: null,
        state: "active",
        name,
        size,
        partSize,
        partCount,
        parts,
        file: null,
      };
      this.sessions.set(sessionId, session);
    }
    this.#byKey.set(`${key}/${file.clientId}`, session);
    const missing = Array.from({ length: session.partCount }, (_, index) => index + 1).filter(
      (part) => !session.parts.has(part),
    );
    return {
      ...viewOf(session),
      storedParts: [...session.parts.values()],
      urls: this.#sign(session, missing.slice(0, 3)),
      resumed,
    } satisfies CreatedUpload;
  }

  #complete(sessionId: string, { md5, partsMd5 }: CompleteUploadRequest): FileRecord {
    const session = this.sessions.get(sessionId);
    if (session?.state === "completed" && session.file !== null) return session.file;
    const { parts, partCount, name, size } = this.#open(sessionId);
    const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter(
      (part) => !parts.has(part),
    );
    for (const partNumber of missing) this.listed.delete(`${sessionId}/${partNumber}`);
    if (missing.length > 0) throw refusal("parts_missing", { missing });
    const etags = [...parts.values()].toSorted((a, b) => a.partNumber - b.partNumber).map(({ etag }) => etag);
    const whole = createHash("md5")
      .update(Buffer.from(etags.join(""), "hex"))
      .digest("hex");
    if (md5 !== undefined && md5 !== etags[0]) throw refusal("parts_missing", { missing: [1] });
    if (partsMd5 !== undefined && partsMd5 !== whole) throw refusal("parts_missing", { missing: [] });
    if (md5 === undefined && partsMd5 === undefined) this.unproved += 1;
    this.completions += 1;
    const file = { ...FILE, id: this.#id(), name, size };
    Object.assign(session ?? {}, { state: "completed", file });
    return file;
  }

  readonly client: CompanionClient = {
    urlOf: (path) => path,
    config: () => Promise.resolve(CONFIG),
    createUploads: (request, { idempotencyKey = "", signal } = {}) =>
      this.#call("create", signal, () => ({
        results: request.files.map((file) => {
          if (this.#chance(this.trouble / 4)) {
            const error = { code: "storage_unavailable" as const, message: "busy" };
            return { clientId: file.clientId, error };
          }
          return { clientId: file.clientId, session: this.#create(idempotencyKey, file) };
        }),
      })),
    signParts: (sessionId, { partNumbers }, { signal } = {}) =>
      this.#call("sign", signal, () => ({ urls: this.#sign(this.#open(sessionId), partNumbers) })),
    completeUpload: (sessionId, request = {}, { signal } = {}) =>
      this.#call("complete", signal, () =>
        this.#chance(this.trouble)
          ? ({ state: "completing", sessionId, retryAfterMs: 100 } as const)
          : ({ state: "completed", sessionId, file: this.#complete(sessionId, request) } as const),
      ),
    completeUploads: ({ uploads }, { signal } = {}) =>
      this.#call("complete", signal, () => ({
        results: uploads.map(({ sessionId, ...request }) => {
          try {
            return { state: "completed" as const, sessionId, file: this.#complete(sessionId, request) };
          } catch (error) {
            if (!(error instanceof UploadError)) throw error;
            return { sessionId, error: error.toBody() };
          }
        }),
      })),
    cancelUpload: (sessionId) =>
      this.#call("cancel", undefined, () => {
        const session = this.sessions.get(sessionId);
        if (session?.state !== "aborted") this.#open(sessionId).state = "aborted";
        return { sessionId, state: "aborted" as const };
      }),
    quota: unused,
    listUploads: ({ signal } = {}) =>
      this.#call("list", signal, () => ({
        uploads: [...this.sessions.values()]
          .filter(({ state }) => state === "active")
          .map((session) => ({ ...viewOf(session), storedParts: [] })),
      })),
    getUpload: (sessionId, { signal } = {}) =>
      this.#call("get", signal, () => {
        const session = this.#open(sessionId);
        return { ...viewOf(session), storedParts: [...session.parts.values()] };
      }),
    listFiles: unused,
    matchFiles: unused,
    getFile: unused,
    updateFile: unused,
    changeGroup: unused,
    dropGroup: unused,
    deleteFile: unused,
    recallFile: unused,
    createDownload: unused,
    createShare: unused,
    listShares: unused,
    revokeShare: unused,
    endShares: unused,
    keepWaveform: unused,
    readWaveform: unused,
  };

  readonly put: PutPart = ({ url, headers, body, onProgress, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<PutAnswer>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const sent = body instanceof ContentBytes ? body.read : body;
    void this.#receive(url, headers, sent, onProgress, signal).then(resolve);
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  };

  async #receive(
    url: string,
    headers: Record<string, string>,
    body: Blob | Uint8Array,
    onProgress: (sentBytes: number) => void,
    signal: AbortSignal,
  ): Promise<PutAnswer> {
    const signed = this.#urls.get(url);
    const session = signed && this.sessions.get(signed.sessionId);
    if (signed === undefined || session === undefined || !(body instanceof ContentBlob)) return http(403);
    const { partNumber, sessionId } = signed;
    const part = `${sessionId}/${partNumber}`;
    if (this.acknowledged.has(part)) this.needless.push(part);
    if (this.listed.has(part)) this.sentThoughListed.push(part);
    if (this.#underWay.get(part)?.aborted === false) this.doubled.push(part);
    this.#underWay.set(part, signal);
    try {
      return await this.#store(
        session,
        { partNumber, expiresAt: signed.expiresAt },
        { headers, body, onProgress, signal },
      );
    } finally {
      if (this.#underWay.get(part) === signal) this.#underWay.delete(part);
    }
  }

  async #store(
    session: Session,
    { partNumber, expiresAt }: { partNumber: number; expiresAt: number },
    { headers, body, onProgress, signal }: Received,
  ): Promise<PutAnswer> {
    const { sessionId } = session;
    await this.#after(1 + this.#options.random() * 100);
    if (!this.isOnline || this.#chance(this.trouble)) return NETWORK;
    if (!signal.aborted) onProgress(Math.floor(body.size * this.#options.random()));
    if (this.#chance(this.trouble / 4)) return { ok: false, failure: { kind: "stalled" } };
    await this.#after(1 + this.#options.random() * 100);
    // As Ceph: an expired URL's 403 reaches the browser as a network error, unless CORS is kind for once.
    if (this.#options.clock.now() > expiresAt) return this.#chance(0.5) ? NETWORK : http(403);
    if (session.state !== "active") return http(404);
    if (this.#chance(this.trouble / 4)) return http(503);
    const etag = body.md5.toString("hex");
    if (headers["content-md5"] !== body.md5.toString("base64")) return http(400);
    session.parts.set(partNumber, { partNumber, size: body.size, etag });
    session.content = session.content === null || session.content === body.content ? body.content : "mixed";
    this.accepted.push({ sessionId, partNumber });
    if (!this.isOnline || this.#chance(this.trouble / 2)) return NETWORK;
    if (signal.aborted) return NETWORK;
    onProgress(body.size);
    this.acknowledged.add(`${sessionId}/${partNumber}`);
    return { ok: true, etag: this.#chance(0.5) ? etag : null };
  }

  /** Bytes that count against the quota: of files, and of sessions that may yet become files. */
  get quotaUsed(): number {
    return [...this.sessions.values()].reduce(
      (sum, { state, size }) => (state === "aborted" ? sum : sum + size),
      0,
    );
  }

  /** Whether the store's parts of a session are all there, as planned, and of one file only. */
  isWhole({ size, partSize, parts, content }: Session): boolean {
    // `planParts` would raise such small parts to what S3 allows.
    const count = Math.ceil(size / partSize);
    const sizes = Array.from({ length: count }, (_, index) => Math.min(partSize, size - index * partSize));
    return (
      content !== "mixed" &&
      sizes.every((bytes, index) => parts.get(index + 1)?.size === bytes) &&
      planParts(size, partSize).length > 0
    );
  }
}

interface Received {
  headers: Record<string, string>;
  body: ContentBlob;
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
}

const NETWORK: PutAnswer = { ok: false, failure: { kind: "network" } };

function http(status: number): PutAnswer {
  return { ok: false, failure: { kind: "http", status, retryAfterMs: null } };
}

export const simulatedHash: HashBlob = async (blob, signal) => {
  signal.throwIfAborted();
  const part = blob as ContentBlob;
  return {
    digest: new Uint8Array(part.md5),
    body: part.size <= HANDED_OVER ? new ContentBytes(part) : part,
  };
};

function refusal(code: UploadErrorCode, details?: Record<string, unknown>): UploadError {
  return new UploadError(code, code, details === undefined ? {} : { details });
}

function unused(): never {
  throw new Error("The engine does not ask for this.");
}

function viewOf({ sessionId, state, name, size, partSize, partCount }: Session) {
  return {
    sessionId,
    fileId: sessionId,
    state,
    method: partCount === 1 ? ("put" as const) : ("multipart" as const),
    key: sessionId,
    name,
    size,
    workspaceId: null,
    partSize,
    partCount,
    createdAt: "2026-01-01T00:00:00Z",
    expiresAt: "2026-01-02T00:00:00Z",
    error: null,
  };
}

const CONFIG = {
  maxFileSize: 1e12,
  allowedExtensions: ["wav"],
  singlePutMaxSize: 10,
  preferredPartSize: 10,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 4,
};

const FILE: FileRecord = {
  id: "",
  name: "",
  size: 0,
  type: "audio/wav",
  contentType: "audio_file",
  state: "stored",
  accessLevel: "private",
  workspaceId: null,
  ownerId: null,
  key: "",
  checksumMd5: null,
  checksumSha256: null,
  downloadUrlsIssued: 0,
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
  expiresAt: null,
  contentUrl: "/v1/files/f/content",
};
