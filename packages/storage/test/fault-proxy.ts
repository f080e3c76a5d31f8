import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is to happen to one request on its way to the store. */
export interface Fault {
  /** Waited for before the store gets the request. */
  before?: Promise<unknown>;
  /** Waited for before the caller gets the answer. */
  after?: Promise<unknown>;
  /** The connection ends: before the store got the request, or after the store carried it out. */
  drop?: "before" | "after";
  /** The store carries the request out; the caller gets an error with this status instead of its answer. */
  hideBehind?: number;
  /** The store does not get the request; the caller gets an error with this status. */
  refuseWith?: number;
  /** With `refuseWith`: the request has reached the store twice. The first was refused; this one, by then, is carried out. */
  twice?: Promise<unknown>;
  /** The store never gets the request; the caller gets this for a success. */
  pretend?: string;
}

export interface FaultProxy extends AsyncDisposable {
  endpoint: string;
  /** S3's names of all requests so far, in order of arrival. */
  operations: string[];
  /** Decides what happens to each request; by default nothing out of the ordinary. */
  intercept: (operation: string, index: number) => Fault | undefined;
}

/**
 * Stands between us and an S3 server and makes trouble on demand. The Host header passes unchanged, so signatures made
 * for this address hold at the server.
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  // Longer than a client keeps one that nobody uses: else a busy machine sends on a connection that is being ended.
  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    void serve(message, response).catch(() => response.destroy());
  });
  const proxy: FaultProxy = {
    endpoint: "",
    operations: [],
    intercept: () => undefined,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = operationOf(message);
    proxy.operations.push(operation);
    const fault = proxy.intercept(operation, proxy.operations.length - 1) ?? {};
    await fault.before;
    if (fault.drop === "before") return void message.socket.destroy();
    if (fault.refuseWith !== undefined) {
      if (fault.twice === undefined) message.resume();
      else void repeat(message, await message.toArray(), fault.twice);
      return sendError(response, fault.refuseWith);
    }
    if (fault.pretend !== undefined) {
      message.resume();
      response.writeHead(200, { "content-type": "application/xml" });
      return void response.end(fault.pretend);
    }
    const answer = await forward(message);
    await fault.after;
    if (fault.drop === "after") {
      answer.resume();
      return void message.socket.destroy();
    }
    if (fault.hideBehind !== undefined) {
      answer.resume();
      return sendError(response, fault.hideBehind);
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  }

  async function repeat(message: IncomingMessage, body: Uint8Array[], when: Promise<unknown>): Promise<void> {
    await when;
    const { method, url: path, headers } = message;
    const { hostname, port } = new URL(target);
    request({ agent, hostname, port, method, path, headers }, (answer) => answer.resume())
      .on("error", () => undefined)
      .end(Buffer.concat(body));
  }

  function forward(message: IncomingMessage): Promise<IncomingMessage> {
    const { hostname, port } = new URL(target);
    return new Promise((resolve, reject) => {
      const { method, url: path, headers } = message;
      const forwarded = request({ agent, hostname, port, method, path, headers }, resolve).on(
        "error",
        reject,
      );
      message.on("error", reject);
      message.pipe(forwarded);
    });
  }
}

function sendError(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/xml", connection: "close" });
  const code = status === 503 ? "SlowDown" : "InternalError";
  response.end(`<Error><Code>${code}</Code><Message>made up</Message></Error>`);
}

function operationOf({ method = "", url = "", headers }: IncomingMessage): string {
  const { pathname, searchParams: query } = new URL(url, "http://store");
  if (pathname === "/") return `${method} buckets`;
  const isBucket = pathname.split("/").filter((part) => part !== "").length < 2;
  const subresource = ["uploads", "cors", "lifecycle"].find((name) => query.has(name));
  if (isBucket) return `${method} bucket${subresource === undefined ? "" : ` ${subresource}`}`;
  if (method === "POST" && query.has("uploads")) return "CreateMultipartUpload";
  if (method === "POST") return "CompleteMultipartUpload";
  if (method === "DELETE") return query.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
  if (method === "GET" && query.has("uploadId")) return "ListParts";
  if (method === "GET") return "GetObject";
  if (method === "HEAD") return "HeadObject";
  if (query.has("acl")) return "PutObjectAcl";
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  if (!query.has("partNumber")) return isCopy ? "CopyObject" : "PutObject";
  return isCopy ? "UploadPartCopy" : "UploadPart";
}

/** A store that copies whatever the source is by now: asked about that once, it is only pretended to have copied. */
export function ignoreCopyConditions(operation: string): Fault | undefined {
  return operation === "CopyObject" ? { pretend: "<CopyObjectResult></CopyObjectResult>" } : undefined;
}
