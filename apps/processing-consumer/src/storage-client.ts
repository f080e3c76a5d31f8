import type {
  Completion,
  CreatedUpload,
  DeriveFileRequest,
  DownloadResponse,
  ErrorResponse,
  FileRecord,
  SignPartsResponse,
} from "@audiotricks/protocol/messages";

/** The storage server as a service sees it. */
export interface StorageClient {
  getFile(fileId: string): Promise<FileRecord>;
  readFile(fileId: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Stores a file made of another. Under the same key a repeat finds the first, however far that came. */
  derive(
    fileId: string,
    file: { name: string; category: DeriveFileRequest["category"]; bytes: Uint8Array<ArrayBuffer> },
    idempotencyKey: string,
  ): Promise<FileRecord>;
}

/** What the server refused, by its stable code. */
export class StorageRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Part numbers that one call signs. */
const MAX_SIGN_BATCH = 100;

export function createStorageClient(options: { url: string; token: string }): StorageClient {
  async function call<T>(method: string, path: string, json?: unknown, headers = {}): Promise<T> {
    const answer = await fetch(options.url + path, {
      method,
      headers: {
        authorization: `Bearer ${options.token}`,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (answer.ok) return (await answer.json()) as T;
    const { error } = (await answer.json()) as ErrorResponse;
    throw new StorageRefusal(error.code, `${method} ${path}: ${error.message}`);
  }

  async function send(session: CreatedUpload, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const stored = new Set(session.storedParts.map(({ partNumber }) => partNumber));
    const missing = Array.from({ length: session.partCount }, (_, index) => index + 1).filter(
      (partNumber) => !stored.has(partNumber),
    );
    while (missing.length > 0) {
      const partNumbers = missing.splice(0, MAX_SIGN_BATCH);
      const path = `/v1/uploads/${session.sessionId}/parts/sign`;
      const { urls } = await call<SignPartsResponse>("POST", path, { partNumbers });
      for (const { url, headers, partNumber, size } of urls) {
        const offset = (partNumber - 1) * session.partSize;
        const put = await fetch(url, { method: "PUT", headers, body: bytes.subarray(offset, offset + size) });
        await put.arrayBuffer();
        if (!put.ok) throw new StorageRefusal("put_failed", `part ${partNumber} was answered ${put.status}`);
      }
    }
  }

  async function complete(sessionId: string): Promise<FileRecord> {
    for (;;) {
      const completion = await call<Completion>("POST", `/v1/uploads/${sessionId}/complete`);
      if (completion.state === "completed") return completion.file;
      await new Promise((resolve) => setTimeout(resolve, completion.retryAfterMs));
    }
  }

  return {
    getFile: (fileId) => call("GET", `/v1/files/${fileId}`),
    readFile: async (fileId) => {
      const { url } = await call<DownloadResponse>("POST", `/v1/files/${fileId}/download`);
      const answer = await fetch(url);
      if (!answer.ok) throw new StorageRefusal("get_failed", `the store answered ${answer.status}`);
      return new Uint8Array(await answer.arrayBuffer());
    },
    derive: async (fileId, { name, category, bytes }, idempotencyKey) => {
      const session = await call<CreatedUpload>(
        "POST",
        `/v1/files/${fileId}/derived`,
        { name, category, size: bytes.length },
        { "idempotency-key": idempotencyKey },
      );
      if (session.state === "active") await send(session, bytes);
      return complete(session.sessionId);
    },
  };
}
