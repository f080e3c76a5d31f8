import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { startPostgres } from "../src/postgres.ts";

async function query(url: string, text: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that is being killed resets connections, also between two calls.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(text)).rows;
  } finally {
    await client.end();
  }
}

const dataDirectoryOf = async (url: string): Promise<string> =>
  (await query(url, "SHOW data_directory"))[0]?.data_directory ?? "";

describe("startPostgres", () => {
  it("starts servers beside each other, and leaves nothing of them", async () => {
    const [one, two] = await Promise.all([startPostgres(), startPostgres()]);
    expect(one.url).not.toBe(two.url);
    await query(one.url, "CREATE TABLE only_in_one ()");
    const [found] = await query(
      two.url,
      "SELECT to_regclass('only_in_one') AS name, current_setting('fsync') AS fsync",
    );
    expect(found).toEqual({ name: null, fsync: "off" });
    const directory = await dataDirectoryOf(one.url);
    await Promise.all([one.stop(), two.stop()]);
    expect(existsSync(directory)).toBe(false);
    await expect(query(one.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    // Twice is as good as once.
    await one.stop();
  });

  it.each(["SIGKILL", "SIGQUIT"] as const)(
    "comes back at the same address after %s, with what was committed",
    async (signal) => {
      await using server = await startPostgres({ settings: { synchronous_commit: "on" } });
      await query(server.url, "CREATE TABLE kept AS SELECT 7 AS number");
      await server.crash(signal);
      await expect(query(server.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
      await server.restart();
      expect(await query(server.url, "SELECT number FROM kept")).toEqual([{ number: 7 }]);
    },
  );

  it("ends with the process that started it, even if that is killed", async () => {
    const module = fileURLToPath(new URL("../src/postgres.ts", import.meta.url));
    const script = `import { startPostgres } from ${JSON.stringify(module)}; console.log((await startPostgres()).url);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = (await once(child.stdout, "data")) as [Buffer];
    const url = output.toString().trim();
    const directory = await dataDirectoryOf(url);
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(query(url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" }), {
      timeout: 10_000,
    });
    await rm(join(directory, ".."), { recursive: true });
  });

  it("names the setting that leads to no server", async () => {
    const empty = await mkdtemp(join(tmpdir(), "at-no-pg-"));
    const source = new URL("../src/postgres.ts", import.meta.url).href;
    const script = `const { startPostgres } = await import(${JSON.stringify(source)}); await startPostgres();`;
    const start = promisify(execFile)(process.execPath, ["-e", script], {
      env: { ...process.env, TEST_POSTGRES_BIN: empty },
    });
    await expect(start).rejects.toThrow(`TEST_POSTGRES_BIN is ${empty}, which has no initdb in it.`);
    await rm(empty, { recursive: true });
  });
});
