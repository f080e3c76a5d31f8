import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { extname, join } from "node:path";
import { buffer, json } from "node:stream/consumers";
import type {
  CompleteUploadsRequest,
  ConfigResponse,
  CreatedUpload,
  CreateUploadsRequest,
  FileRecord,
} from "@audiotricks/protocol/messages";
import { freePort } from "@audiotricks/testing/free-port";

const DEMO = join(import.meta.dirname, "../../apps/demo/dist");
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const CONFIG: ConfigResponse = {
  maxFileSize: 2 ** 40,
  allowedExtensions: ["wav"],
  singlePutMaxSize: 2 ** 40,
  preferredPartSize: 2 ** 23,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 10,
};
const USER = "a1fa0000-0000-4000-8000-000000000001";

/** The demo with a companion and a store that answer at once and keep nothing: what is slow is the page. */
export interface InstantStack extends AsyncDisposable {
  server: { url: string };
  /** Loopback port of another site, whose pages may use this server. */
  guestPort: number;
}

export async function openInstantStack(): Promise<InstantStack> {
  const [port, guestPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const sessions = new Map<string, CreatedUpload>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", url);
    const headers = {
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "*",
      "access-control-allow-methods": "*",
      "access-control-expose-headers": "*",
      "access-control-max-age": "7200",
    };
    answer(request, pathname).then(
      ({ status = 200, type = "application/json", etag, body = "" }) => {
        response.writeHead(status, { ...headers, "content-type": type, ...(etag && { etag }) }).end(body);
      },
      (error: unknown) => response.writeHead(500, headers).end(String(error)),
    );
  });

  async function answer(request: IncomingMessage, path: string): Promise<Answer> {
    switch (`${request.method} ${path}`) {
      case "POST /demo/token":
        return say({ token: "token", expiresIn: 86_400, user: { id: USER, name: "Alpha" }, workspaces: [] });
      case "GET /v1/config":
        return say(CONFIG);
      case "GET /v1/quota":
        return say({ quotas: [] });
      case "GET /v1/files":
        return say({ files: [], nextCursor: null });
      case "GET /v1/uploads":
        return say({ uploads: [] });
      case "POST /v1/uploads": {
        const { files } = (await json(request)) as CreateUploadsRequest;
        const results = files.map(({ clientId, name, size }) => {
          const session = sessionOf(url, name, size);
          sessions.set(session.sessionId, session);
          return { clientId, session };
        });
        return say({ results });
      }
      case "POST /v1/uploads/complete": {
        const { uploads } = (await json(request)) as CompleteUploadsRequest;
        const results = uploads.map(({ sessionId, md5 }) => {
          const session = sessions.get(sessionId);
          if (session === undefined) throw new Error(`no session ${sessionId}`);
          sessions.delete(sessionId);
          return { state: "completed", sessionId, file: fileOf(session, md5 ?? null) };
        });
        return say({ results });
      }
    }
    if (request.method === "OPTIONS") return { status: 204 };
    const bytes = await buffer(request);
    if (request.method === "PUT") return { etag: `"${createHash("md5").update(bytes).digest("hex")}"` };
    const file = extname(path) === "" ? "index.html" : path;
    return {
      type: TYPES[extname(file)] ?? "application/octet-stream",
      body: await readFile(join(DEMO, file)),
    };
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    server: { url },
    guestPort,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status?: number;
  type?: string;
  etag?: string;
  body?: string | Uint8Array;
}

function say(message: unknown): Answer {
  return { body: JSON.stringify(message) };
}

function sessionOf(url: string, name: string, size: number): CreatedUpload {
  const sessionId = randomUUID();
  return {
    sessionId,
    fileId: randomUUID(),
    state: "active",
    method: "put",
    key: `audio/${sessionId}.wav`,
    name,
    size,
    workspaceId: null,
    partSize: size,
    partCount: 1,
    storedParts: [],
    createdAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    error: null,
    urls: [{ partNumber: 1, url: `${url}/store/${sessionId}`, headers: {}, size, expiresIn: 3600 }],
    resumed: false,
  };
}

function fileOf({ fileId, name, size, key }: CreatedUpload, checksumMd5: string | null): FileRecord {
  const now = new Date().toISOString();
  return {
    id: fileId,
    name,
    size,
    type: "audio/wav",
    contentType: "audio_file",
    state: "stored",
    accessLevel: "private",
    workspaceId: null,
    ownerId: USER,
    key,
    checksumMd5,
    checksumSha256: null,
    downloadUrlsIssued: 0,
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    contentUrl: `/v1/files/${fileId}/content`,
  };
}
