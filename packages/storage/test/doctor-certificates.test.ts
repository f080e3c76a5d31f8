import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { examineBucket, prepareBucket } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";

const DAY = 86_400_000;
const CODE = "certificate_expires";

/** With a certificate of its own making that lasts for so many days. */
async function startTls(days: number) {
  const directory = mkdtempSync(join(tmpdir(), "doctor-tls-"));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const subject = ["-subj", "/CN=localhost", "-days", String(days), "-keyout", key, "-out", cert];
  execFileSync("openssl", [...kind, ...subject], { stdio: "ignore" });
  const files = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(directory, { recursive: true });
  let requests = 0;
  const server: Server = createServer(files, (_request, response) => {
    requests += 1;
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `localhost:${port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const credentials = { accessKeyId: "AK", secretAccessKey: "very-secret" };
const nowhere = { region: "r", bucket: "b", forcePathStyle: true, credentials };
const findingsAt = async (options: { endpoint: string; cdnEndpoint?: string; now?: () => Date }) => {
  const { endpoint, ...more } = options;
  const { findings } = await examineBucket({ ...nowhere, endpoint }, { origins: [], fix: false, ...more });
  return findings.filter(({ code }) => code === CODE);
};

describe("certificates of the names that a bucket is used by", () => {
  it("are a finding when they end within three weeks, of store and CDN, and when they have ended", async () => {
    await using soon = await startTls(10);
    await using late = await startTls(90);
    expect(await findingsAt({ endpoint: `https://${soon.host}`, cdnEndpoint: late.host })).toMatchObject([
      {
        what: expect.stringMatching(
          new RegExp(`^The certificate of ${soon.host} expires in (9|10) days, on \\d{4}-\\d\\d-\\d\\d\\.$`),
        ),
        breaks: expect.stringContaining("upload or play"),
      },
    ]);
    const cdn = { endpoint: `https://${late.host}`, cdnEndpoint: `https://${soon.host}/` };
    expect(await findingsAt(cdn)).toMatchObject([{ breaks: expect.stringContaining("Public files") }]);
    const inTime = (days: number) => () => new Date(Date.now() + days * DAY);
    expect(await findingsAt({ ...cdn, now: inTime(68) })).toHaveLength(1);
    const both = await findingsAt({ ...cdn, now: inTime(100) });
    expect(both.map(({ what }) => what)).toEqual([
      expect.stringMatching(new RegExp(`${late.host} has expired on`)),
      expect.stringMatching(new RegExp(`${soon.host} has expired on`)),
    ]);
    // Nothing that is secret goes where a certificate is not trusted.
    expect([soon.requests(), late.requests()]).toEqual([0, 0]);
  });

  it("are none where there is none to be had", async () => {
    const silent = createTcpServer((socket) => socket.on("error", () => undefined).end("no TLS here\n"));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    expect(
      await findingsAt({ endpoint: `https://127.0.0.1:${port}`, cdnEndpoint: "https://127.0.0.1:9" }),
    ).toEqual([]);
    expect(await findingsAt({ endpoint: "http://127.0.0.1:9", cdnEndpoint: "not a name" })).toEqual([]);
    silent.close();
  });

  it("are told beside what else there is, of a bucket that is well", async () => {
    await using soon = await startTls(3);
    const store = await openEmulator();
    const bucket = "certificates";
    await prepareBucket({ ...store, bucket }, { allowedOrigins: [] });
    const { findings } = await examineBucket(
      { ...nowhere, ...store, bucket, credentials: store },
      { origins: [], fix: false, cdnEndpoint: soon.host },
    );
    expect(findings.map(({ code }) => code)).toEqual(["cdn_unreachable", CODE]);
    await store.close();
  });
});
