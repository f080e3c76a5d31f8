import { running } from "../world/actor.ts";
import type { Faults } from "../world/faults.ts";
import { momentOf, wallClock } from "../world/take-over-process.ts";
import type { World } from "../world/world.ts";
import { bytesOf, md5Of, recognize, type Stretch } from "./content.ts";
import {
  AlreadyComplete,
  type ObjectStore,
  type StoredObject,
  StoreRefusal,
  type Upload,
} from "./object-store.ts";
import { toXml, type Xml } from "./xml.ts";

/** One request, whoever sends it. A body of a browser is a stretch, not bytes. */
export interface S3Request {
  method: string;
  /** Without the bucket. */
  key: string;
  query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | string | Stretch | undefined;
}

export interface S3Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array | string;
}

const PAGE = 1000;
/** What Ceph may take for a Complete. */
const MOST_COMPLETE_MS = 590_000;
/** How old an answer to a list may be. */
const STALE_MS = 2_000;
const MAX_SKEW_MS = 900_000;

/** The store's HTTP interface, as Ceph answers it. Serves one request as long as it takes. */
export class S3Server {
  readonly store: ObjectStore;
  readonly #world: World;
  readonly #faults: Faults;
  /** Access keys that are good now. */
  readonly accessKeys = new Set<string>();
  /** Until then everything is 503. */
  busyUntil = 0;
  /** Recent truths, for lists that lag behind. */
  #past: { at: number; keys: string[]; uploads: Upload[] }[] = [];
  requests = 0;

  constructor(world: World, faults: Faults, store: ObjectStore) {
    this.#world = world;
    this.#faults = faults;
    this.store = store;
  }

  async serve(request: S3Request): Promise<S3Answer> {
    this.requests++;
    try {
      this.#authorize(request);
      if (this.#world.now < this.busyUntil) throw new StoreRefusal(503, "SlowDown");
      return await this.#dispatch(request);
    } catch (error) {
      if (!(error instanceof StoreRefusal)) throw error;
      return this.refuse(error, request.method);
    }
  }

  refuse({ status, code }: StoreRefusal, method = "GET"): S3Answer {
    return this.#answer(
      status,
      method === "HEAD" ? "" : toXml("Error", { Code: code, Message: code, RequestId: "r" }),
    );
  }

  #authorize({ query, headers }: S3Request): void {
    const credential =
      query["X-Amz-Credential"] ?? /Credential=([^,]+)/.exec(headers.authorization ?? "")?.[1] ?? "";
    if (!this.accessKeys.has(credential.split("/")[0] ?? "")) throw new StoreRefusal(403, "AccessDenied");
    const signedAt = parseAmzDate(query["X-Amz-Date"] ?? headers["x-amz-date"] ?? "");
    const now = wallClock();
    if (query["X-Amz-Date"] === undefined) {
      if (Math.abs(now - signedAt) > MAX_SKEW_MS) throw new StoreRefusal(403, "RequestTimeTooSkewed");
    } else if (signedAt > now + MAX_SKEW_MS || now > signedAt + Number(query["X-Amz-Expires"]) * 1000) {
      throw new StoreRefusal(403, "AccessDenied");
    }
  }

  async #dispatch(request: S3Request): Promise<S3Answer> {
    const { method, key, query, headers } = request;
    if (key === "") return this.#onBucket(request);
    if (query.uploadId !== undefined) return this.#onUpload(request, query.uploadId);
    switch (method) {
      case "POST":
        return this.#xml("InitiateMultipartUploadResult", {
          Key: key,
          UploadId: this.store.createUpload(key, headers["content-type"] ?? ""),
        });
      case "HEAD":
      case "GET":
        return this.#read(request);
      case "DELETE":
        this.store.delete(key);
        return this.#answer(204, "");
      case "PUT": {
        const from = headers["x-amz-copy-source"];
        if (from !== undefined) {
          const condition = headers["x-amz-copy-if-match"]?.replaceAll('"', "");
          await this.#work(0, 3_000);
          const etag = this.store.copy(sourceKey(from), key, condition, headers["content-type"] ?? "");
          return this.#xml("CopyObjectResult", { ETag: `"${etag}"`, LastModified: iso(this.#world.now) });
        }
        const stretch = stretchOf(request);
        requireMd5(headers, stretch);
        await this.#work(0, 3_000);
        return this.#answer(200, "", {
          etag: `"${this.store.put(key, stretch, headers["content-type"] ?? "")}"`,
        });
      }
      default:
        throw new StoreRefusal(405, "MethodNotAllowed");
    }
  }

  async #onUpload(request: S3Request, uploadId: string): Promise<S3Answer> {
    const { method, key, query, headers } = request;
    const upload = this.store.findUpload(key, uploadId);
    switch (method) {
      case "DELETE":
        this.store.abort(key, uploadId);
        return this.#answer(204, "");
      case "GET": {
        if (upload === undefined) throw new StoreRefusal(404, "NoSuchKey");
        const after = Number(query["part-number-marker"] ?? 0);
        const left = [...upload.parts.values()]
          .filter(({ partNumber }) => partNumber > after)
          .sort((a, b) => a.partNumber - b.partNumber);
        return this.#xml("ListPartsResult", {
          IsTruncated: left.length > PAGE,
          Part: left.slice(0, PAGE).map(({ partNumber, etag, stretch }) => ({
            PartNumber: partNumber,
            ETag: `"${etag}"`,
            Size: stretch.size,
          })),
        });
      }
      case "PUT": {
        if (upload === undefined) throw new StoreRefusal(404, "NoSuchUpload");
        const partNumber = Number(query.partNumber);
        const from = headers["x-amz-copy-source"];
        if (from !== undefined) {
          const source = this.store.find(sourceKey(from));
          const [stretch] = source?.stretches ?? [];
          if (stretch === undefined) throw new StoreRefusal(404, "NoSuchKey");
          await this.#work(0, 3_000);
          const etag = this.store.putPart(upload, partNumber, stretch);
          return this.#xml("CopyPartResult", { ETag: `"${etag}"`, LastModified: iso(this.#world.now) });
        }
        const stretch = stretchOf(request);
        requireMd5(headers, stretch);
        await this.#work(0, 3_000);
        return this.#answer(200, "", { etag: `"${this.store.putPart(upload, partNumber, stretch)}"` });
      }
      case "POST":
        return this.#complete(request, uploadId);
      default:
        throw new StoreRefusal(405, "MethodNotAllowed");
    }
  }

  async #complete({ key, body }: S3Request, uploadId: string): Promise<S3Answer> {
    const parts = [...textOf(body).matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
      partNumber: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: (/<ETag>(.*?)</.exec(part)?.[1] ?? "").replaceAll("&quot;", "").replaceAll('"', ""),
    }));
    try {
      const upload = this.store.beginComplete(key, uploadId, parts);
      if (this.#faults.strike("store-slow-complete")) await this.#work(1_000, MOST_COMPLETE_MS);
      else await this.#world.sleep(running().random.between(1, 400), this.#world.wire);
      this.store.endComplete(upload);
    } catch (error) {
      if (!(error instanceof AlreadyComplete)) throw error;
      return this.#xml("CompleteMultipartUploadResult", {
        Key: key,
        ETag: `"${this.store.find(key)?.etag}"`,
      });
    }
    // Ceph's first answer has no ETag.
    return this.#xml("CompleteMultipartUploadResult", { Key: key, ETag: "" });
  }

  #read({ method, key, headers }: S3Request): S3Answer {
    const object = this.store.find(key);
    if (object === undefined) throw new StoreRefusal(404, "NoSuchKey");
    const { size, etag, contentType } = object;
    const wanted = headers["if-match"]?.replaceAll('"', "");
    if (wanted !== undefined && wanted !== etag) throw new StoreRefusal(412, "PreconditionFailed");
    const common = {
      etag: `"${etag}"`,
      "content-type": contentType,
      "last-modified": httpDate(object.modifiedAt),
    };
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
    if (method === "HEAD" || range === null) {
      return this.#answer(200, method === "HEAD" ? "" : readBytes(object, 0, size), {
        ...common,
        "content-length": String(size),
      });
    }
    const first = Number(range[1]);
    const last = Math.min(Number(range[2]), size - 1);
    if (first >= size) throw new StoreRefusal(416, "InvalidRange");
    const bytes = readBytes(object, first, last - first + 1);
    return this.#answer(206, bytes, {
      ...common,
      "content-length": String(bytes.length),
      "content-range": `bytes ${first}-${last}/${size}`,
    });
  }

  #onBucket({ method, query, body }: S3Request): S3Answer {
    if (method === "POST" && query.delete !== undefined) {
      for (const [, key = ""] of textOf(body).matchAll(/<Key>(.*?)<\/Key>/g)) this.store.delete(key);
      return this.#xml("DeleteResult", {});
    }
    if (query.versioning !== undefined) return this.#xml("VersioningConfiguration", {});
    const prefix = query.prefix ?? "";
    const { keys, uploads } = this.#listed();
    if (query.uploads !== undefined) {
      const found = uploads
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.uploadId < b.uploadId ? -1 : 1));
      return this.#xml("ListMultipartUploadsResult", {
        IsTruncated: false,
        Upload: found.map(({ key, uploadId, initiatedAt }) => ({
          Key: key,
          UploadId: uploadId,
          Initiated: iso(initiatedAt),
        })),
      });
    }
    const found = keys.filter((key) => key.startsWith(prefix) && key > (query.marker ?? "")).sort();
    if (query.versions !== undefined) {
      const versions = found.slice(0, PAGE).map((key) => ({ Key: key, VersionId: "null" }));
      return this.#xml("ListVersionsResult", { IsTruncated: false, Version: versions });
    }
    return this.#xml("ListBucketResult", {
      IsTruncated: found.length > PAGE,
      Contents: found.slice(0, PAGE).map((key) => ({
        Key: key,
        Size: this.store.objects.get(key)?.size ?? 0,
        ETag: `"${this.store.objects.get(key)?.etag ?? ""}"`,
        LastModified: iso(this.store.objects.get(key)?.modifiedAt ?? 0),
      })),
    });
  }

  /** What is there, or what was there a moment ago. */
  #listed(): { keys: string[]; uploads: Upload[] } {
    const now = {
      at: this.#world.now,
      keys: [...this.store.objects.keys()],
      uploads: [...this.store.uploads.values()],
    };
    this.#past = this.#past.filter(({ at }) => at >= now.at - STALE_MS);
    this.#past.push(now);
    const [oldest] = this.#past;
    return oldest !== undefined && this.#faults.strike("store-stale-list") ? oldest : now;
  }

  async #work(leastMs: number, mostMs: number): Promise<void> {
    await this.#world.sleep(running().random.skewed(leastMs, mostMs), this.#world.wire);
  }

  #xml(root: string, content: Xml): S3Answer {
    return this.#answer(200, toXml(root, content), { "content-type": "application/xml" });
  }

  #answer(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): S3Answer {
    return {
      status,
      body,
      headers: { date: httpDate(this.#world.now), "x-amz-request-id": "tx-simulated", ...headers },
    };
  }
}

function readBytes({ stretches }: StoredObject, from: number, length: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const stretch of stretches) {
    const begin = Math.max(from, at);
    const end = Math.min(from + length, at + stretch.size);
    if (begin < end) chunks.push(bytesOf(stretch, begin - at, end - begin));
    at += stretch.size;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function textOf(body: S3Request["body"]): string {
  return typeof body === "string" ? body : body instanceof Uint8Array ? Buffer.from(body).toString() : "";
}

function stretchOf({ body }: S3Request): Stretch {
  if (body instanceof Uint8Array) return recognize(body);
  if (typeof body === "object") return body;
  return recognize(Buffer.from(body ?? ""));
}

function requireMd5(headers: Readonly<Record<string, string>>, stretch: Stretch): void {
  const wanted = headers["content-md5"];
  if (wanted !== undefined && wanted !== Buffer.from(md5Of(stretch), "hex").toString("base64")) {
    throw new StoreRefusal(400, "BadDigest");
  }
}

function sourceKey(copySource: string): string {
  return decodeURIComponent(copySource).replace(/^\/?[^/]+\//, "");
}

function iso(at: number): string {
  return new Date(momentOf(at)).toISOString();
}

function httpDate(at: number): string {
  return new Date(momentOf(at)).toUTCString();
}

function parseAmzDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
