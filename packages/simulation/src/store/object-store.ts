import { createHash } from "node:crypto";
import { join, md5Of, type Stretch } from "./content.ts";

export interface StoredObject {
  key: string;
  stretches: Stretch[];
  size: number;
  etag: string;
  contentType: string;
  modifiedAt: number;
  /** Lists, but cannot be read: what Ceph is left with when an Abort meets a Complete. */
  isBroken: boolean;
}

export interface StoredPart {
  partNumber: number;
  stretch: Stretch;
  etag: string;
}

export interface Upload {
  uploadId: string;
  key: string;
  contentType: string;
  initiatedAt: number;
  parts: Map<number, StoredPart>;
  isCompleting: boolean;
  /** The network has delivered a Complete of it twice. */
  isRepeated: boolean;
}

export class StoreRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const MIN_PART_SIZE = 5 * 1024 * 1024;

/**
 * A bucket as Ceph RADOS Gateway keeps it, oddities included. What it holds is the truth that everybody else's promises
 * are held against.
 */
export class ObjectStore {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();
  /** Uploads that are objects by now: a second Complete is answered as the first. */
  readonly #deletedAt = new Map<string, number>();
  readonly #completed = new Map<string, { key: string; etag: string }>();
  /** Whether it copies only if the source is what it was: some stores take no notice of the condition. */
  readonly honoursCopyCondition: boolean;
  /** What nobody may ever have caused. */
  readonly wrongs: string[] = [];
  /** Whether two Completes of one upload may meet, and nobody is to blame. */
  mayMeetCompletes = false;
  readonly #now: () => number;
  readonly #region: string;
  #lastId = 0;

  constructor(options: { now: () => number; honoursCopyCondition: boolean; region: string }) {
    this.#now = options.now;
    this.#region = options.region;
    this.honoursCopyCondition = options.honoursCopyCondition;
  }

  createUpload(key: string, contentType: string): string {
    const uploadId = `2~${this.#region}-${++this.#lastId}`;
    const parts = new Map<number, StoredPart>();
    const initiatedAt = this.#now();
    this.uploads.set(uploadId, {
      uploadId,
      key,
      contentType,
      initiatedAt,
      parts,
      isCompleting: false,
      isRepeated: false,
    });
    return uploadId;
  }

  findUpload(key: string, uploadId: string): Upload | undefined {
    const upload = this.uploads.get(uploadId);
    return upload?.key === key ? upload : undefined;
  }

  putPart(upload: Upload, partNumber: number, stretch: Stretch): string {
    const etag = md5Of(stretch);
    // A part that was on its way when its upload was aborted brings it back.
    this.uploads.set(upload.uploadId, upload);
    upload.parts.set(partNumber, { partNumber, stretch, etag });
    return etag;
  }

  /** @throws {StoreRefusal} */
  beginComplete(
    key: string,
    uploadId: string,
    parts: readonly { partNumber: number; etag: string }[],
  ): Upload {
    const upload = this.findUpload(key, uploadId);
    if (upload === undefined) {
      const earlier = this.#completed.get(uploadId);
      if (earlier !== undefined && this.objects.get(key)?.etag === earlier.etag) throw new AlreadyComplete();
      throw new StoreRefusal(500, "InternalError");
    }
    if (upload.isCompleting) {
      if (!this.mayMeetCompletes && !upload.isRepeated)
        this.wrongs.push(`a second Complete of ${key} while the first is at work`);
      throw new StoreRefusal(500, "InternalError");
    }
    const stored = [...upload.parts.values()].sort((a, b) => a.partNumber - b.partNumber);
    // Every part must be listed.
    if (parts.length === 0 || parts.length !== stored.length) throw new StoreRefusal(400, "InvalidPart");
    for (const [index, part] of stored.entries()) {
      const named = parts[index];
      if (named?.partNumber !== part.partNumber || named.etag !== part.etag) {
        throw new StoreRefusal(400, "InvalidPart");
      }
      if (part.stretch.size < MIN_PART_SIZE && index < stored.length - 1) {
        throw new StoreRefusal(400, "EntityTooSmall");
      }
    }
    upload.isCompleting = true;
    return upload;
  }

  endComplete(upload: Upload): void {
    const { key, uploadId, contentType } = upload;
    upload.isCompleting = false;
    const isGone = !this.uploads.has(uploadId);
    const parts = [...upload.parts.values()].sort((a, b) => a.partNumber - b.partNumber);
    const hash = createHash("md5");
    for (const part of parts) hash.update(part.etag, "hex");
    const etag = `${hash.digest("hex")}-${parts.length}`;
    this.#write(
      key,
      parts.map(({ stretch }) => stretch),
      etag,
      contentType,
    );
    const object = this.objects.get(key);
    if (isGone && object !== undefined) object.isBroken = true;
    this.uploads.delete(uploadId);
    this.#completed.set(uploadId, { key, etag });
  }

  abort(key: string, uploadId: string): void {
    const upload = this.findUpload(key, uploadId);
    if (upload === undefined) throw new StoreRefusal(404, "NoSuchUpload");
    if (upload.isCompleting) this.wrongs.push(`an Abort of ${key} while its Complete is at work`);
    this.uploads.delete(uploadId);
  }

  put(key: string, stretch: Stretch, contentType: string): string {
    const etag = md5Of(stretch);
    this.#write(key, [stretch], etag, contentType);
    return etag;
  }

  find(key: string): StoredObject | undefined {
    const object = this.objects.get(key);
    return object === undefined || object.isBroken ? undefined : object;
  }

  /** @throws {StoreRefusal} */
  copy(from: string, key: string, condition: string | undefined, contentType: string): string {
    const source = this.find(from);
    if (source === undefined) throw new StoreRefusal(404, "NoSuchKey");
    if (this.honoursCopyCondition && condition !== undefined && condition !== source.etag) {
      throw new StoreRefusal(412, "PreconditionFailed");
    }
    this.#write(key, source.stretches, source.etag, contentType);
    return source.etag;
  }

  delete(key: string): void {
    this.objects.delete(key);
    this.#deletedAt.set(key, this.#now());
  }

  /** Whether there are objects that came after their delete, as with a request that was delivered twice. */
  get hasLateObjects(): boolean {
    const isLate = ({ key, modifiedAt }: StoredObject) =>
      modifiedAt > (this.#deletedAt.get(key) ?? Number.POSITIVE_INFINITY);
    return [...this.objects.values()].some(isLate);
  }

  #write(key: string, stretches: readonly Stretch[], etag: string, contentType: string): void {
    const size = stretches.reduce((sum, stretch) => sum + stretch.size, 0);
    const modifiedAt = this.#now();
    const object = { key, stretches: join(stretches), size, etag, contentType, modifiedAt, isBroken: false };
    this.objects.set(key, object);
  }
}

/** A Complete of what is complete. */
export class AlreadyComplete extends Error {}
