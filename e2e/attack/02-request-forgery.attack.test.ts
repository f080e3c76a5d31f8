import { setTimeout } from "node:timers/promises";
import { wavBytes } from "@audiotricks/testing/audio";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask } from "./target/ask.ts";
import { newUser, query } from "./target/database.ts";
import { readBack } from "./target/evidence.ts";
import { addProvider, operatorCommand } from "./target/operator-command.ts";
import { beginOne, store } from "./target/upload.ts";

const { trapPort } = target;
/** Elsewhere in the internet or nowhere, and here: link-local, private, shared, mapped, embedded, and written in every other way. */
const HOSTS = [
  ..."127.0.0.1 127.1 127.0.1 0.0.0.0 0 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. 127.255.255.254".split(
    " ",
  ),
  ..."①②⑦.0.0.1 １２７.0.0.1 127。0。0。1 localhost LOCALHOST localhost. a.localhost localhost.localdomain.local".split(
    " ",
  ),
  ..."169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.170.2 metadata.google.internal metadata instance-data".split(
    " ",
  ),
  ..."10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1.1 100.64.0.1 100.100.100.200 192.0.0.1".split(
    " ",
  ),
  ..."198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255".split(
    " ",
  ),
  ..."[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:a9fe:a9fe] [::127.0.0.1] [::7f00:1]".split(
    " ",
  ),
  ..."[64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a9fe:a9fe::] [2001:0:7f00:1::]".split(
    " ",
  ),
  ..."[fe80::1] [fc00::1] [fd00:ec2::254] [ff02::1] [2001:db8::1] [100::1] [4000::1] nas.local router.home.arpa minio".split(
    " ",
  ),
];
/** Leads to this machine in another way each time it is looked up. */
const REBINDING = "rebinding.attack.example";
const trapped = () => readBack(target.folder, "trap");

/** Servers look at all buckets now and then, and keep what they read of a row for so long. */
const REREAD_AFTER_MS = 15_000;
const REREAD = { timeout: 2 * REREAD_AFTER_MS, interval: 1000 };
/** Nobody is there. A store that answered, and did not know the upload, would end its session. */
const NOBODY = "http://127.0.0.1:1";

// Also: the addresses one by one in [endpoint-host.test.ts](packages/storage/src/providers/endpoint-host.test.ts).
describe("SSRF: an endpoint, webhook or URL that leads inside", () => {
  let who: string;
  let sessionId: string;
  let fileId: string;
  let providers: string[];
  let original: { storage_provider_id: string };
  beforeAll(async () => {
    who = await newUser();
    providers = await Promise.all([addProvider(), addProvider()]);
    await leadNowhere();
    ({ sessionId, fileId } = await beginOne(who, { name: "a.wav", size: 20 * 1024 ** 2 }));
    const [row] = await query<typeof original>("SELECT storage_provider_id FROM file_storage WHERE id = $1", [
      fileId,
    ]);
    if (row === undefined) throw new Error("no file");
    original = row;
    await setTimeout(REREAD_AFTER_MS + 500);
  });
  function leadNowhere() {
    return query("UPDATE storage_providers SET endpoint_url = $2 WHERE id = ANY ($1)", [providers, NOBODY]);
  }
  afterEach(leadNowhere);
  afterAll(async () => {
    await query("UPDATE file_storage SET storage_provider_id = $2 WHERE id = $1", [
      fileId,
      original.storage_provider_id,
    ]);
    await query("UPDATE storage_providers SET is_active = false WHERE id = ANY ($1)", [providers]);
  });

  /** Whoever can write to the database has this provider be there; then the server is made to ask it for the upload's parts. */
  async function askAt(provider: string | undefined, endpoint: string, at = target.url) {
    await query("UPDATE storage_providers SET endpoint_url = $2 WHERE id = $1", [provider, endpoint]);
    await query("UPDATE file_storage SET storage_provider_id = $2 WHERE id = $1", [fileId, provider]);
    return await ask(who, "GET", `/v1/uploads/${sessionId}`, { at });
  }

  it("by a row of the database is refused before anything is connected to, for every way to write an internal host", async () => {
    expect(HOSTS.length).toBeGreaterThanOrEqual(60);
    const before = trapped();
    for (const host of HOSTS) {
      const answer = await askAt(providers[0], `https://${host}:${trapPort}`);
      expect({ host, status: answer.status, code: answer.code }).toEqual({
        host,
        status: 503,
        code: "no_provider",
      });
    }
    for (const url of [`http://93.184.215.14:${trapPort}`, "file:///etc/passwd", "gopher://127.0.0.1:6379"])
      expect((await askAt(providers[0], url)).code, url).toBe("no_provider");
    expect(trapped()).toBe(before);
  });

  it("by a name that leads inside, at once or at the second look, is refused when it is connected to", async () => {
    const before = trapped();
    for (let time = 0; time < 6; time++)
      expect((await askAt(providers[0], `https://${REBINDING}:${trapPort}`)).code).toBe(
        "storage_unavailable",
      );
    expect(trapped()).toBe(before);
  });

  it("by a redirect of a store that is talked to, or of a webhook, is not followed", async () => {
    await store(who, wavBytes(200), { name: "event.wav" });
    // The first of them were answered by a redirect, and the next ones come only after those.
    const deliveries = () => readBack(target.folder, "events").split("\n").length - 1;
    await expect.poll(deliveries, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(readBack(target.folder, "redirector")).not.toContain("from-webhook");
    const before = trapped();
    const answers: number[] = [];
    const redirected = async () => {
      const url = `http://127.0.0.1:${target.redirectorPort}`;
      answers.push((await askAt(providers[1], url, target.strictUrl)).status);
      return readBack(target.folder, "redirector");
    };
    await expect.poll(redirected, REREAD).toMatch(/^GET \//);
    expect(new Set(answers)).toEqual(new Set([503]));
    expect(trapped()).toBe(before);
  });

  it("by the operator's command is refused, and nothing is added", async () => {
    const before = trapped();
    const rows = await query("SELECT id FROM storage_providers ORDER BY id");
    const words = ["--region=r", "--bucket=bucket", "--access-key-id=k"];
    const endpoint = `https://[::ffff:127.0.0.1]:${trapPort}`;
    const run = await operatorCommand(["provider", "add", `--endpoint=${endpoint}`, ...words], {
      stdin: "secret",
    });
    expect(run.exitCode, run.text).toBe(1);
    expect(run.text).toContain("endpoint_refused");
    expect(await query("SELECT id FROM storage_providers ORDER BY id")).toEqual(rows);
    expect(trapped()).toBe(before);
  });

  it("by a request is not to be had: none takes an address", async () => {
    const url = `http://127.0.0.1:${trapPort}/`;
    const before = trapped();
    for (const field of [
      "url",
      "uri",
      "importUrl",
      "sourceUrl",
      "endpoint",
      "callbackUrl",
      "webhook",
      "companionUrl",
      "fileId",
    ]) {
      const files = [{ clientId: "1", name: "a.wav", size: 50, [field]: url }];
      expect((await ask(who, "POST", "/v1/uploads", { json: { files } })).code, field).toBe(
        "invalid_request",
      );
      await ask(who, "POST", "/s3/multipart", {
        json: { filename: "a.wav", type: "", metadata: { [field]: url }, [field]: url },
      });
    }
    const { paths } = (await ask(undefined, "GET", "/openapi.json")).json<{ paths: unknown }>();
    const asked = [...JSON.stringify(paths).matchAll(/"requestBody":(\{.*?\}),"responses"/g)].map(
      ([, body]) => body,
    );
    expect(asked.length).toBeGreaterThan(5);
    for (const body of asked) expect(body).not.toMatch(/"format":"uri"|[uU]rl"|"endpoint"/);
    expect(trapped()).toBe(before);
  });

  // At last: that server comes back to such a bucket by itself.
  it("is looked for by a trap that is one: a server that is told to trust its database falls into it", async () => {
    const before = trapped();
    const fallInto = async () => {
      await askAt(providers[0], `http://127.0.0.1:${trapPort}`, target.strictUrl);
      return trapped().length;
    };
    await expect.poll(fallInto, REREAD).toBeGreaterThan(before.length);
  });
});
