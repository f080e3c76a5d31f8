import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStorage, openProviders, prepareBucket } from "@audiotricks/storage";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTOR, runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";
import { openEmulator, type TestStore } from "./stores.ts";

const GiB = 1024 ** 3;

interface Price extends Record<string, unknown> {
  region: string;
  isOwn: boolean;
}

describe.each(SITES)("costs on $engine", ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  it("are told once somebody has said what a region costs, as HTTP tells them, and beside the vendor's bill", async () => {
    const spaces = { ...store, bucket: `cli-${randomUUID()}` };
    await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
    await using on = await open(spaces);
    const { db, site } = on;
    const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
    const directory = await mkdtemp(join(tmpdir(), "at-cost-"));
    try {
      await storage.upkeep.sampleStorage();
      const month = new Date().toISOString().slice(0, 7);
      const unknown = await runCommand(["cost"], { site });
      expect(unknown).toMatchObject({ exitCode: 2, stderr: "" });
      expect(unknown.stdout).toContain(
        `No price is known of digitalocean_spaces in ${store.region}: ${spaces.bucket}`,
      );
      expect(await runCommand(["cost", "forecast"], { site })).toMatchObject({ exitCode: 2 });
      expect(await runCommand(["cost", "what-if", "--older-than", "90d"], { site })).toMatchObject({
        exitCode: 2,
      });

      const { prices } = await runJson<{ prices: Price[] }>(["cost", "price"], { site });
      const listed = prices.find(({ region }) => region === "nyc3");
      const own = {
        ...listed,
        region: store.region,
        baseFee: 7_000_000,
        source: "https://example.com/prices",
      };
      await writeFile(join(directory, "price.json"), JSON.stringify(own));
      const set = await runJson<{ prices: Price[] }>(["cost", "price", "--file", "price.json"], {
        site,
        directory,
      });
      expect(set.prices[0]).toEqual({ ...own, isOwn: true });

      const userId = await seedUser(db);
      const report = await runJson<{ totalMicros: number; hours: object }>(["cost"], { site });
      expect(report).toMatchObject({ month, totalMicros: 7_000_000, hours: { counted: 1 } });
      expect(report).toEqual(await storage.costs.report({ userId, isOperator: true }, { limit: 100 }));
      expect(await runJson(["cost", "forecast"], { site })).toMatchObject({
        totalMicros: { expected: 7_000_000 },
      });
      expect(await runJson(["cost", "what-if", "--older-than", "90"], { site })).toMatchObject({
        savedMicros: 0,
      });

      const bill = ["cost", "actual", "--month", month, "--vendor", "digitalocean_spaces"];
      await runJson([...bill, "--total", "7.31", "--egress", "5GiB"], { site });
      const told = await runCommand(["cost"], { site });
      expect(told.stdout).toContain(
        "The bill of digitalocean_spaces: $7.31 (estimated $7.00), sent 5.0 GiB (estimated 0 B).",
      );
      expect(await runJson(["cost"], { site })).toMatchObject({
        actuals: [{ totalMicros: 7_310_000, egressBytes: 5 * GiB }],
      });
      const { rows } = await sql`SELECT action, actor, outcome FROM storage_audit ORDER BY at`.execute(db);
      expect(rows).toEqual([
        { action: "setPrice", actor: `cli:${ACTOR}`, outcome: "done" },
        { action: "setActualCost", actor: `cli:${ACTOR}`, outcome: "done" },
      ]);

      await writeFile(join(directory, "list.json"), "[]");
      await writeFile(join(directory, "text"), "twenty dollars");
      await writeFile(join(directory, "negative.json"), JSON.stringify({ ...own, baseFee: -1 }));
      await writeFile(join(directory, "long"), "1".repeat(100_000));
      for (const words of [
        ["cost", "--month", "2026-13"],
        ["cost", "--workspace", "x"],
        ["cost", "nonsense"],
        ["cost", "what-if"],
        ["cost", "what-if", "--older-than", "soon"],
        ["cost", "what-if", "--kind", "song"],
        ["cost", "actual", "--month", "x", "--vendor", "s3", "--total", "1"],
        ["cost", "actual", "--month", month, "--vendor", "s3", "--total", "much"],
        ["cost", "actual", "--month", month, "--vendor", "s3", "--egress", "much"],
        ["cost", "price", "--file", "list.json"],
        ["cost", "price", "--file", "text"],
        ["cost", "price", "--file", "negative.json"],
        ["cost", "price", "--file", "long"],
        ["cost", "price", "--file", "nowhere.json"],
      ])
        expect((await runCommand(words, { site, directory })).exitCode, words.join(" ")).toBe(64);
      for (const words of [
        [...bill],
        ["cost", "actual", "--month", month, "--vendor", "nobody", "--total", "1"],
      ])
        expect((await runCommand(words, { site })).exitCode, words.join(" ")).toBe(1);
    } finally {
      await rm(directory, { recursive: true });
      await storage.close();
    }
  });
});
