import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export const TOKEN = "dop_v1_of_the_tests";
/** Shorter than the vendor's, so that lists have pages. */
const PAGE_SIZE = 2;

export interface DigitalOceanApi extends AsyncDisposable {
  origin: string;
  /** Method and path of every call. */
  asked: string[];
  endpoints: { id: string; origin: string; endpoint: string; ttl: number; created_at: string }[];
  /** Answered in the place of what should be, for as many calls. */
  failures: { status: number; id: string; message: string }[];
  /** Makes the next endpoint, and loses the answer. */
  losesNextAnswer: boolean;
}

/** `/v2/cdn/endpoints` as the vendor documents it. */
export async function startDigitalOcean(): Promise<DigitalOceanApi> {
  const handle: (...call: Parameters<RequestListener>) => Promise<unknown> = async (request, response) => {
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text as string;
    const answer = (status: number, json: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    const url = new URL(request.url ?? "", api.origin);
    api.asked.push(`${request.method} ${url.pathname}`);
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return answer(401, { id: "Unauthorized", message: "Unable to authenticate you" });
    const failure = api.failures.shift();
    if (failure !== undefined) return answer(failure.status, { id: failure.id, message: failure.message });
    if (url.pathname !== "/v2/cdn/endpoints") return answer(404, { id: "not_found", message: "not found" });
    if (request.method === "GET") {
      const number = Number(url.searchParams.get("page") ?? 1);
      const size = Math.min(PAGE_SIZE, Number(url.searchParams.get("per_page") ?? 20));
      const isLast = number * size >= api.endpoints.length;
      const next = `${api.origin}/v2/cdn/endpoints?page=${number + 1}`;
      return answer(200, {
        endpoints: api.endpoints.slice((number - 1) * size, number * size),
        links: isLast ? {} : { pages: { next } },
        meta: { total: api.endpoints.length },
      });
    }
    const { origin, ttl = 3600 } = JSON.parse(body) as { origin: string; ttl?: number };
    if (api.endpoints.some((one) => one.origin === origin))
      return answer(409, { id: "conflict", message: "cdn already enabled" });
    const endpoint = {
      id: randomUUID(),
      origin,
      endpoint: `${origin.split(".")[0]}.nyc3.cdn.digitaloceanspaces.com`,
      ttl,
      created_at: new Date().toISOString(),
    };
    api.endpoints.push(endpoint);
    if (api.losesNextAnswer) {
      api.losesNextAnswer = false;
      return response.destroy();
    }
    return answer(201, { endpoint });
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api: DigitalOceanApi = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    endpoints: [],
    failures: [],
    losesNextAnswer: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return api;
}
