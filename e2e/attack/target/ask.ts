import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { target } from "./about.ts";
import { writeDown } from "./evidence.ts";
import { tokenOf } from "./sign-in.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The code of a refusal. */
  code: string | undefined;
  json<T>(): T;
  tookMs: number;
}

export interface Question {
  json?: unknown;
  body?: string | Uint8Array;
  headers?: Record<string, string | string[]>;
  /** Of another server. */
  at?: string;
  /** Which of this machine's addresses it comes from. */
  from?: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const TIMEOUT_MS = 30_000;
/** What an answer may hold that opens something: signatures, tokens, links. */
const HANDED_OUT = /(?:X-Amz-Signature=|"token":"|\/s\/|"x-amz-signature":")([\w-]{43,64})(?![\w-])/gi;

/**
 * Sends a request exactly as it is written: no path is tidied up, no redirect followed. Whatever is answered, none of the standing
 * secrets is in it; refusals, and what is handed out that opens something, are kept for the last test.
 *
 * @param who Id of a user; `undefined` for nobody.
 */
export async function ask(
  who: string | undefined,
  method: string,
  path: string,
  { json, body, headers = {}, at = target.url, from }: Question = {},
): Promise<Answer> {
  const content = json === undefined ? body : JSON.stringify(json);
  const answer = await send(at, method, path, {
    ...(content === undefined ? {} : { body: content }),
    ...(from === undefined ? {} : { from }),
    headers: {
      ...(who === undefined ? {} : { authorization: `Bearer ${await tokenOf(who)}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  const told = JSON.stringify(answer.headers) + answer.text;
  for (const secret of target.standingSecrets)
    if (told.includes(secret)) throw new Error(`${method} ${path} answers ${answer.status} with a secret`);
  if (answer.status < 400)
    for (const [, secret] of told.matchAll(HANDED_OUT)) writeDown(target.folder, "secrets", `${secret}\n`);
  return answer;
}

/** The same of the store, whose URLs are the secret. */
async function send(
  origin: string,
  method: string,
  path: string,
  question: Pick<Question, "body" | "headers" | "from">,
): Promise<Answer> {
  const { body, headers = {}, from } = question;
  const start = performance.now();
  const { hostname, port } = new URL(origin);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request(
    {
      hostname,
      port,
      method,
      path,
      agent,
      headers,
      timeout: TIMEOUT_MS,
      ...(from === undefined ? {} : { localAddress: from }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      const isStream = response.headers["content-type"]?.startsWith("text/event-stream") === true;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        // It would go on for minutes: one event is an answer.
        if (isStream && chunk.includes("\n\n")) {
          finish();
          outgoing.destroy();
        }
      });
      response.on("error", reject);
      response.on("end", finish);
      function finish(): void {
        const whole = Buffer.concat(chunks);
        const text = whole.toString();
        const { statusCode: status = 0 } = response;
        if (status >= 400)
          writeDown(
            target.folder,
            "refusals",
            `${method} ${status} ${JSON.stringify(response.headers)} ${text}\n`,
          );
        resolve({
          status,
          headers: response.headers,
          body: whole,
          text,
          code: codeOf(text),
          json: <T>() => JSON.parse(text) as T,
          tookMs: performance.now() - start,
        });
      }
    },
  );
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    // Kept since an earlier request, and ended by the server for having been idle while we were busy: on a connection of its own it counts.
    if (outgoing.reusedSocket && error.code === "ECONNRESET") resolve(send(origin, method, path, question));
    else reject(error);
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} has no answer after ${TIMEOUT_MS} ms`)));
  if (body !== undefined) {
    if (!outgoing.hasHeader("content-length")) outgoing.setHeader("content-length", Buffer.byteLength(body));
    outgoing.write(body);
  }
  outgoing.end();
  return await promise;
}

function codeOf(text: string): string | undefined {
  const xml = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
  if (xml !== undefined || !text.startsWith("{")) return xml;
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code;
  } catch {
    return undefined;
  }
}

/** By a signed URL, as a browser would. */
export async function follow(
  url: string,
  method = "GET",
  more: Pick<Question, "body" | "headers"> = {},
): Promise<Answer> {
  const { origin, pathname, search } = new URL(url);
  return await send(origin, method, pathname + search, more);
}

/** A store that has answered no may hang up before it was sent everything, and then nobody hears the answer. */
export async function tryToPut(
  url: string,
  request: Pick<Question, "body" | "headers">,
): Promise<number | "cut off"> {
  return await follow(url, "PUT", request).then(
    ({ status }) => status,
    () => "cut off",
  );
}
