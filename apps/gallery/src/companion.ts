import { UPLOAD_ERRORS, type UploadErrorBody } from "@audiotricks/protocol";
import {
  createShareResponse,
  type FileRecord,
  fileRecord,
  listFilesResponse,
  listSharesResponse,
  listUploadsResponse,
  type QuotaScope,
  quotaResponse,
  type ShareLink,
  type UploadSession,
} from "@audiotricks/protocol/messages";

/** What a companion knows. What is left out is asked for in vain; `"silent"`: it never answers. */
export interface Companion {
  quotas?: readonly QuotaScope[] | UploadErrorBody | "silent";
  uploads?: readonly UploadSession[];
  files?: readonly FileRecord[] | UploadErrorBody | "silent";
  /** Whether there are more files than these. */
  hasMore?: boolean;
  /** The links of each file. */
  shares?: readonly ShareLink[] | UploadErrorBody | "silent";
  /** A link that can be made. */
  newShare?: ShareLink | UploadErrorBody;
  /** What a file is after a change of it. */
  changed?: FileRecord | UploadErrorBody | "silent";
}

const PREFIX = "/companions/";

/** Where a companion of a state answers, as `companionUrl`. */
export function urlOfCompanion(name: string): string {
  return `${PREFIX}${name}`;
}

/**
 * Answers the widget's requests as companions of these names would: over HTTP's own types, and with nothing that the protocol does
 * not allow. Other requests go where they went.
 *
 * @returns Ends it.
 */
export function answerAs(companions: Readonly<Record<string, Companion>>): () => void {
  const before = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.href);
    if (!pathname.startsWith(PREFIX)) return await before(input, init);
    const [name = "", ...path] = pathname.slice(PREFIX.length).split("/");
    const method = init?.method ?? "GET";
    return await answer(companions[name] ?? {}, `${method} /${path.join("/")}`);
  };
  return () => {
    globalThis.fetch = before;
  };
}

async function answer(companion: Companion, call: string): Promise<Response> {
  const { quotas = "silent", uploads = [], files = "silent", hasMore = false } = companion;
  const { shares = "silent", newShare, changed } = companion;
  // Whichever file it is.
  switch (call.replace(/\/v1\/files\/[\w-]+/, "/v1/files/ID")) {
    case "GET /v1/quota":
      return await respond(quotas, (known) => quotaResponse.parse({ quotas: known }));
    case "GET /v1/uploads":
      return await respond(uploads, (known) => listUploadsResponse.parse({ uploads: known }));
    case "GET /v1/files":
      return await respond(files, (known) =>
        listFilesResponse.parse({ files: known, nextCursor: hasMore ? "more" : null }),
      );
    case "GET /v1/files/ID/shares":
      return await respond(shares, (known) => listSharesResponse.parse({ shares: known }));
    case "POST /v1/files/ID/shares":
      return await respond(newShare ?? REFUSED, (share) =>
        createShareResponse.parse({ share, url: "https://uploads.example.com/s/a-link-of-the-gallery" }),
      );
    case "PATCH /v1/files/ID":
      return await respond(changed ?? REFUSED, (file) => fileRecord.parse(file));
    // Nothing changes here.
    case "GET /v1/events":
      return await respond("silent", () => null);
    default:
      return failure({ code: "storage_unavailable", message: `Nothing here does ${call}` });
  }
}

const REFUSED: UploadErrorBody = { code: "forbidden", message: "" };

async function respond<T extends object>(
  known: T | UploadErrorBody | "silent",
  bodyOf: (known: T) => unknown,
): Promise<Response> {
  if (known === "silent") return await new Promise<never>(() => {});
  return isFailure(known) ? failure(known) : Response.json(bodyOf(known));
}

function isFailure(known: object): known is UploadErrorBody {
  return "code" in known;
}

function failure(error: UploadErrorBody): Response {
  return Response.json({ error }, { status: UPLOAD_ERRORS[error.code] });
}
