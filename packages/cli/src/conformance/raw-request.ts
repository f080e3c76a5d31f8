import { type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";

/** As the store put it, with nothing understood for it. */
export interface RawAnswer {
  status: number;
  /** S3's code, from the body of a refusal. */
  code: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  /** Without a Content-Length. */
  isChunked?: boolean;
}

/** Answers are small: a range, a refusal. */
const MAX_ANSWER_BYTES = 1024 ** 2;

/** One request by a URL, as a browser would send it. Rejects as Node does where no answer comes. */
export async function rawRequest(
  url: string,
  { method = "GET", headers = {}, body = "", isChunked = false }: RawRequest,
  { timeoutMs, lookup }: { timeoutMs: number; lookup: LookupFunction | undefined },
): Promise<RawAnswer> {
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  const length: Record<string, string> = isChunked
    ? { "transfer-encoding": "chunked" }
    : ["PUT", "POST"].includes(method)
      ? { "content-length": String(Buffer.byteLength(body)) }
      : {};
  return await new Promise<RawAnswer>((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const options = { method, headers: { ...length, ...headers }, signal, ...(lookup && { lookup }) };
    const sent = request(url, options, (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MAX_ANSWER_BYTES) sent.destroy(new Error("the answer is too long"));
        else parts.push(part);
      });
      answer.once("error", reject);
      answer.once("end", () => {
        const body = Buffer.concat(parts);
        const status = answer.statusCode ?? 0;
        const code =
          status < 300 ? undefined : /<Code>([\w.]{1,100})<\/Code>/.exec(body.toString("utf8"))?.[1];
        resolve({ status, code, headers: answer.headers, body });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
