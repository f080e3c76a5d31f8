import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { planParts } from "@audiotricks/protocol";
import type { StorageOptions } from "@audiotricks/storage";

type RequestHandler = NonNullable<StorageOptions["requestHandler"]>;

/** Sizes of the only two files that anybody uploads. */
export interface InstantFiles {
  putSize: number;
  multipartSize: number;
}

/** What the SDK asks for. */
interface SdkRequest {
  method: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** Of every part and every object that came by a single PUT. */
export const INSTANT_ETAG = "5d41402abc4b2a76b9719d911017c592";
const WAV_START = Buffer.alloc(12_288);
WAV_START.write("RIFF\u0024\u0000\u0000\u0000WAVEfmt \u0010\u0000\u0000\u0000", "latin1");

/**
 * A store that answers at once, in the place of HTTP: what is slow is the companion. Every part and every single PUT has
 * arrived by the time that it is asked for; the rest is as a store has it, since the companion proves what it is told.
 */
export function createInstantStore({ putSize, multipartSize }: InstantFiles): RequestHandler {
  const parts = planParts(multipartSize, 10 * 2 ** 20).map(({ partNumber, size }) => ({ partNumber, size }));
  const listed = parts
    .map(
      ({ partNumber, size }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${INSTANT_ETAG}"</ETag><Size>${size}</Size></Part>`,
    )
    .join("");
  const etagOfParts = multipartEtagOf(parts.map(() => INSTANT_ETAG));
  const objects = new Map<string, { size: number; etag: string }>();
  const uploads = new Set<string>();
  let lastId = 0;

  function answer({ method, path, query = {}, headers }: SdkRequest): Answer {
    const uploadId = query.uploadId;
    if (method === "POST" && "uploads" in query) {
      const id = `2~${++lastId}`;
      uploads.add(id);
      return xml("InitiateMultipartUploadResult", `<UploadId>${id}</UploadId>`);
    }
    if (method === "POST" && typeof uploadId === "string") {
      uploads.delete(uploadId);
      objects.set(path, { size: multipartSize, etag: etagOfParts });
      return xml("CompleteMultipartUploadResult", `<ETag>"${etagOfParts}"</ETag>`);
    }
    if (method === "GET" && typeof uploadId === "string") return listParts(query, uploadId);
    if (method === "DELETE") {
      if (typeof uploadId === "string") uploads.delete(uploadId);
      objects.delete(path);
      return { status: 204 };
    }
    if (method === "PUT") return copy(path, headers);
    if ("versioning" in query) return xml("VersioningConfiguration", "");
    if ("uploads" in query) return xml("ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>");
    if ("prefix" in query) return xml("ListBucketResult", "<IsTruncated>false</IsTruncated>");
    const object = objects.get(path) ?? { size: putSize, etag: INSTANT_ETAG };
    return read(object, method === "HEAD" ? undefined : WAV_START);
  }

  function listParts(query: NonNullable<SdkRequest["query"]>, uploadId: string): Answer {
    if (!uploads.has(uploadId)) return xml("Error", "<Code>NoSuchUpload</Code>", 404);
    const marker = Number(query["part-number-marker"] ?? 0);
    if (marker === 0 && parts.length <= PAGE) return xml("ListPartsResult", listed);
    const page = listed
      .split("</Part>")
      .slice(marker, marker + PAGE)
      .join("</Part>");
    const isLast = marker + PAGE >= parts.length;
    return xml("ListPartsResult", `${page}${isLast ? "" : "</Part>"}<IsTruncated>${!isLast}</IsTruncated>`);
  }

  function copy(path: string, headers: Record<string, string>): Answer {
    const condition = headers["x-amz-copy-source-if-match"];
    if (condition !== `"${INSTANT_ETAG}"`) return xml("Error", "<Code>PreconditionFailed</Code>", 412);
    objects.set(path, { size: putSize, etag: INSTANT_ETAG });
    return xml("CopyObjectResult", `<ETag>"${INSTANT_ETAG}"</ETag>`);
  }

  return {
    metadata: { handlerProtocol: "http/1.1" },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    handle: (request: SdkRequest) => Promise.resolve({ response: toResponse(answer(request)) }),
  } as RequestHandler;
}

const PAGE = 1_000;

function multipartEtagOf(md5s: readonly string[]): string {
  const hash = createHash("md5");
  for (const md5 of md5s) hash.update(md5, "hex");
  return `${hash.digest("hex")}-${md5s.length}`;
}

function read({ size, etag }: { size: number; etag: string }, bytes: Uint8Array | undefined): Answer {
  const headers = { etag: `"${etag}"`, "content-length": String(bytes?.length ?? size) };
  if (bytes === undefined) return { status: 200, headers };
  return {
    status: 206,
    headers: { ...headers, "content-range": `bytes 0-${bytes.length - 1}/${size}` },
    body: bytes,
  };
}

function xml(name: string, content: string, status = 200): Answer {
  return { status, headers: { "content-type": "application/xml" }, body: `<${name}>${content}</${name}>` };
}

function toResponse({ status, headers = {}, body = "" }: Answer) {
  return { statusCode: status, headers, body: Readable.from([Buffer.from(body)]) };
}
