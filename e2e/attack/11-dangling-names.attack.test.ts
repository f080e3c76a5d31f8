import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { query } from "./target/database.ts";
import { addProvider, INTERNAL, operatorCommand } from "./target/operator-command.ts";
import { bucket } from "./target/state.ts";

describe("a dangling CDN name, or a bucket that is somebody else's", () => {
  let stranger: Server;
  let strangersUrl: string;
  let provider: string;
  beforeAll(async () => {
    // Whoever took the name that is nobody's any more.
    stranger = createServer((_request, response) => response.end("buy something")).listen(0, "127.0.0.1");
    await once(stranger, "listening");
    strangersUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    provider = await addProvider(`--cdn-endpoint=${strangersUrl}`);
  });
  afterAll(async () => {
    stranger.close();
    await query("UPDATE storage_providers SET is_active = false WHERE id = $1", [provider]);
  });
  const doctor = async () => {
    const run = await operatorCommand(["doctor", `--provider=${provider}`], { env: INTERNAL });
    const { buckets } = run.json<{ buckets: { findings: { code: string }[] }[] }>();
    return {
      exitCode: run.exitCode,
      codes: buckets.flatMap(({ findings }) => findings.map(({ code }) => code)),
    };
  };

  it("is found by the doctor, which ends with 2 until it is mended and leaves nothing behind", async () => {
    const before = new Set(await bucket.keys());
    expect(await doctor()).toEqual({ exitCode: 2, codes: ["cdn_foreign"] });
    const change = (column: string, value: string | boolean | null) =>
      query(`UPDATE storage_providers SET ${column} = $2 WHERE id = $1`, [provider, value]);
    await change("cdn_endpoint", "https://taken-away.attack.invalid");
    expect(await doctor()).toEqual({ exitCode: 2, codes: ["cdn_unreachable"] });
    // The bucket's own address is a name that leads to it.
    const [row] = await query<{ bucket_name: string }>(
      "SELECT bucket_name FROM storage_providers WHERE id = $1",
      [provider],
    );
    await change("cdn_endpoint", `${target.store.endpoint}/${row?.bucket_name}`);
    expect(await doctor()).toEqual({ exitCode: 0, codes: [] });
    await change("access_key_id", "somebody-else");
    expect(await doctor()).toEqual({ exitCode: 2, codes: ["bucket_foreign"] });
    // What others left may be swept away meanwhile.
    expect((await bucket.keys()).filter((key) => !before.has(key))).toEqual([]);
  });

  it("is not taken in the first place where the key is refused there", async () => {
    const rows = await query("SELECT id FROM storage_providers ORDER BY id");
    const { endpoint, region, bucket: name } = target.store;
    const words = Object.entries({ endpoint, region, bucket: `${name}-2`, "access-key-id": "somebody-else" });
    const run = await operatorCommand(
      ["provider", "add", ...words.map(([key, value]) => `--${key}=${value}`)],
      {
        env: INTERNAL,
        stdin: "not-the-secret",
      },
    );
    expect(run.exitCode).toBe(1);
    expect(run.text).toContain("key_refused");
    expect(await query("SELECT id FROM storage_providers ORDER BY id")).toEqual(rows);
  });
});
