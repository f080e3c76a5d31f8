import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One purge that was asked of the vendor's API, as it came over HTTP. */
export interface AskedPurge {
  method: string | undefined;
  path: string | undefined;
  authorization: string | undefined;
  files: string[];
}

export interface CdnApi extends AsyncDisposable {
  origin: string;
  asked: AskedPurge[];
  status: number;
  body: string;
}

/** Takes purges as DigitalOcean's API does. */
export async function startCdnApi(): Promise<CdnApi> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const { method, url: path, headers } = request;
      const { files } = JSON.parse(body) as { files: string[] };
      api.asked.push({ method, path, authorization: headers.authorization, files });
      response.writeHead(api.status, api.status === 302 ? { location: "http://localhost:9/" } : {});
      response.end(api.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api: CdnApi = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    status: 204,
    body: "",
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return api;
}
