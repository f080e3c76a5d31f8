import { createHash, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A run of bytes in a file of its own; an object is a list of them, so that Complete moves no bytes. */
export interface Blob {
  file: string;
  size: number;
}

export interface StoredObject {
  key: string;
  size: number;
  /** Unquoted. */
  etag: string;
  lastModified: string;
  headers: Record<string, string>;
  acl: "private" | "public-read";
  blobs: Blob[];
  /** Of the multipart upload that made it: how a repeated Complete is told from a wrong one. */
  uploadId?: string;
}

export interface StoredPart {
  partNumber: number;
  size: number;
  etag: string;
  lastModified: string;
  blob: Blob;
}

export interface Upload {
  uploadId: string;
  bucket: string;
  key: string;
  initiated: string;
  headers: Record<string, string>;
  acl: "private" | "public-read";
  parts: Map<number, StoredPart>;
}

export interface Bucket {
  name: string;
  created: string;
  /** Sub-resources that are kept as they were put: `cors`, `lifecycle`, `versioning`, `policy`, `tagging`. */
  documents: Record<string, string>;
  objects: Map<string, StoredObject>;
}

/** What there is to list. */
export interface StoreView {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly uploads: ReadonlyMap<string, Upload>;
}

/**
 * Everything on disk, with an index of it in memory. Each change is one rename, so a process that dies in between leaves
 * the old state or the new; what it left half-written is cleared at the next start.
 */
export class Disk implements StoreView {
  readonly buckets = new Map<string, Bucket>();
  readonly uploads = new Map<string, Upload>();
  readonly #root: string;
  /** Blobs that are being read, and by how many. */
  readonly #readers = new Map<string, number>();
  /** Of those, the ones that go with their last reader. */
  readonly #dropped = new Set<string>();

  private constructor(root: string) {
    this.#root = root;
  }

  static async open(root: string): Promise<Disk> {
    const disk = new Disk(root);
    for (const name of ["blobs", "buckets", "uploads", "temp"])
      mkdirSync(join(root, name), { recursive: true });
    await disk.#load();
    return disk;
  }

  /** As it is now and stays, whatever comes later. */
  snapshot(): StoreView {
    const buckets = [...this.buckets].map(
      ([name, bucket]) => [name, { ...bucket, objects: new Map(bucket.objects) }] as const,
    );
    const uploads = [...this.uploads].map(
      ([id, upload]) => [id, { ...upload, parts: new Map(upload.parts) }] as const,
    );
    return { buckets: new Map(buckets), uploads: new Map(uploads) };
  }

  tempFile(): string {
    return join(this.#root, "temp", randomUUID());
  }

  blobFile(blob: Blob): string {
    return join(this.#root, "blobs", blob.file);
  }

  /** Takes a received file in. */
  async keep(tempFile: string, size: number): Promise<Blob> {
    const blob = { file: randomUUID(), size };
    await rename(tempFile, this.blobFile(blob));
    return blob;
  }

  /** The same bytes under a second name, so that each owner can drop its own. */
  async share(blob: Blob): Promise<Blob> {
    const shared = { file: randomUUID(), size: blob.size };
    await link(this.blobFile(blob), this.blobFile(shared));
    return shared;
  }

  /**
   * Keeps blobs readable though their object is deleted or replaced meanwhile: whoever began to read gets the whole of it.
   *
   * @returns To be called once, when they were read.
   */
  hold(blobs: readonly Blob[]): () => Promise<void> {
    for (const { file } of blobs) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    return async () => {
      const free: Blob[] = [];
      for (const blob of blobs) {
        const left = (this.#readers.get(blob.file) ?? 1) - 1;
        if (left > 0) this.#readers.set(blob.file, left);
        else {
          this.#readers.delete(blob.file);
          if (this.#dropped.delete(blob.file)) free.push(blob);
        }
      }
      await this.drop(free);
    };
  }

  async drop(blobs: readonly Blob[]): Promise<void> {
    await Promise.all(
      blobs.map(async (blob) => {
        if (this.#readers.has(blob.file)) this.#dropped.add(blob.file);
        else await rm(this.blobFile(blob), { force: true });
      }),
    );
  }

  async saveBucket(bucket: Bucket): Promise<void> {
    mkdirSync(this.#bucketPath(bucket.name, "objects"), { recursive: true });
    const { name, created, documents } = bucket;
    await this.#write(this.#bucketPath(name, "bucket.json"), { name, created, documents });
    this.buckets.set(name, bucket);
  }

  async removeBucket(bucket: Bucket): Promise<void> {
    this.buckets.delete(bucket.name);
    await rm(this.#bucketPath(bucket.name), { recursive: true, force: true });
  }

  /** The new object replaces the old one at once; the old bytes go afterwards. */
  async saveObject(bucket: Bucket, object: StoredObject): Promise<void> {
    await this.#write(this.#objectPath(bucket.name, object.key), object);
    const previous = bucket.objects.get(object.key);
    bucket.objects.set(object.key, object);
    if (previous !== undefined) await this.drop(previous.blobs);
  }

  async removeObject(bucket: Bucket, key: string): Promise<void> {
    const object = bucket.objects.get(key);
    if (object === undefined) return;
    bucket.objects.delete(key);
    await rm(this.#objectPath(bucket.name, key), { force: true });
    await this.drop(object.blobs);
  }

  async saveUpload(upload: Upload): Promise<void> {
    mkdirSync(this.#uploadPath(upload.uploadId), { recursive: true });
    const { parts: _parts, ...rest } = upload;
    await this.#write(this.#uploadPath(upload.uploadId, "upload.json"), rest);
    this.uploads.set(upload.uploadId, upload);
  }

  /** @returns Whether the upload was still there to take the part. */
  async savePart(upload: Upload, part: StoredPart): Promise<boolean> {
    if (this.uploads.get(upload.uploadId) !== upload) {
      await this.drop([part.blob]);
      return false;
    }
    try {
      await this.#write(this.#uploadPath(upload.uploadId, `${part.partNumber}.json`), part);
    } catch (error) {
      // The upload ended while the part was on its way.
      if (this.uploads.get(upload.uploadId) === upload) throw error;
      await this.drop([part.blob]);
      return false;
    }
    const previous = upload.parts.get(part.partNumber);
    upload.parts.set(part.partNumber, part);
    if (previous !== undefined) await this.drop([previous.blob]);
    return true;
  }

  /** @param keep Blobs that live on in an object. */
  async removeUpload(upload: Upload, keep: readonly Blob[] = []): Promise<void> {
    this.uploads.delete(upload.uploadId);
    await rm(this.#uploadPath(upload.uploadId), { recursive: true, force: true });
    const kept = new Set(keep.map((blob) => blob.file));
    await this.drop(
      [...upload.parts.values()].map((part) => part.blob).filter((blob) => !kept.has(blob.file)),
    );
  }

  async #write(path: string, content: unknown): Promise<void> {
    const temp = this.tempFile();
    await writeFile(temp, JSON.stringify(content));
    await rename(temp, path);
  }

  #bucketPath(...names: [string, ...string[]]): string {
    return join(this.#root, "buckets", ...names);
  }

  #uploadPath(...names: [string, ...string[]]): string {
    return join(this.#root, "uploads", ...names);
  }

  /** A key can be anything, a file name cannot. */
  #objectPath(bucket: string, key: string): string {
    return this.#bucketPath(bucket, "objects", `${createHash("sha256").update(key).digest("hex")}.json`);
  }

  async #load(): Promise<void> {
    await rm(join(this.#root, "temp"), { recursive: true, force: true });
    mkdirSync(join(this.#root, "temp"));
    const used = new Set<string>();
    for (const name of await readdir(join(this.#root, "buckets"))) {
      const stored = await readJson<Omit<Bucket, "objects">>(this.#bucketPath(name, "bucket.json"));
      if (stored === undefined) continue;
      const bucket: Bucket = { ...stored, objects: new Map() };
      for (const file of await readdir(this.#bucketPath(name, "objects"))) {
        const object = await readJson<StoredObject>(this.#bucketPath(name, "objects", file));
        if (object === undefined) continue;
        bucket.objects.set(object.key, object);
        for (const blob of object.blobs) used.add(blob.file);
      }
      this.buckets.set(name, bucket);
    }
    await this.#loadUploads(used);
    for (const file of await readdir(join(this.#root, "blobs"))) {
      if (!used.has(file)) await rm(join(this.#root, "blobs", file), { force: true });
    }
  }

  async #loadUploads(used: Set<string>): Promise<void> {
    for (const uploadId of await readdir(join(this.#root, "uploads"))) {
      const stored = await readJson<Omit<Upload, "parts">>(this.#uploadPath(uploadId, "upload.json"));
      const isDone =
        stored !== undefined &&
        this.buckets.get(stored.bucket)?.objects.get(stored.key)?.uploadId === uploadId;
      if (stored === undefined || isDone) {
        await rm(this.#uploadPath(uploadId), { recursive: true, force: true });
        continue;
      }
      const upload: Upload = { ...stored, parts: new Map() };
      for (const file of await readdir(this.#uploadPath(uploadId))) {
        if (!/^\d+\.json$/.test(file)) continue;
        const part = await readJson<StoredPart>(this.#uploadPath(uploadId, file));
        if (part === undefined) continue;
        upload.parts.set(part.partNumber, part);
        used.add(part.blob.file);
      }
      this.uploads.set(uploadId, upload);
    }
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    // A file that was never renamed into place, or not by us: as if absent.
    return undefined;
  }
}
