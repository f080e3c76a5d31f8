import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, upload } from "./test-storage.ts";

it("is the same archive, byte for byte, though the processes that make it are killed again and again", async () => {
  const store = await openEmulator();
  await using on = await openTestStorage(store);
  const fileIds: string[] = [];
  for (const size of [100, 9_000_000, 5_242_880 - 44, 300, 17_000_000, 6_000_000])
    fileIds.push(
      (
        await upload(
          on,
          new Uint8Array(wavBytes(size)).map((byte, n) => (n < 44 ? byte : (n * n) % 251)),
        )
      ).id,
    );
  const ask = (name: string) =>
    on.storage.exports.create(on.me, { kind: "files", fileIds, name, expiresIn: 86_400 });
  const read = async (id: string) => {
    const { url } = await on.storage.exports.download(on.me, id);
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  };
  const whole = await ask("whole.zip");
  await on.storage.exports.run();

  const killed = await ask("killed.zip");
  on.proxy.intercept = (operation) => (operation === "UploadPart" ? { before: delay(200) } : undefined);
  const { rows } = await sql<{ name: string }>`SELECT current_database() AS name`.execute(on.db);
  const databaseUrl = new URL(process.env.TEST_POSTGRES_URL ?? "");
  databaseUrl.pathname = `/${rows[0]?.name}`;
  const spaces = { ...store, endpoint: on.proxy.endpoint, bucket: on.bucket.name };
  const doneBytes = async () => (await on.storage.exports.get(on.me, killed.id)).bytes.done;
  const worker = (): ChildProcess =>
    spawn(
      process.execPath,
      [
        join(import.meta.dirname, "export-worker.ts"),
        JSON.stringify({ databaseUrl: databaseUrl.href, spaces }),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
  let before = 0;
  for (let kills = 0; kills < 2; kills++) {
    const doomed = worker();
    const ended = once(doomed, "exit");
    await expect.poll(doneBytes, { timeout: 200_000, interval: 20 }).toBeGreaterThan(before);
    doomed.kill("SIGKILL");
    await ended;
    before = await doneBytes();
    expect(before).toBeLessThan(killed.bytes.total);
    // Its lease runs out.
    await delay(1_100);
  }
  on.proxy.operations.length = 0;
  const last = worker();
  const output = Buffer.concat((await last.stdout?.toArray()) ?? []).toString();
  expect(JSON.parse(output)).toMatchObject({ done: [{ id: killed.id, missing: 0 }], failures: [] });
  // Of what earlier ones had sent, nothing is sent again but what lay behind a part that one of the four lanes was at.
  const sent = on.proxy.operations.filter((operation) => operation === "UploadPart").length;
  expect(sent).toBeLessThanOrEqual(Math.ceil((killed.bytes.total - before) / (5 * 1024 * 1024)) + 3);
  expect((await read(killed.id)).equals(await read(whole.id))).toBe(true);
  expect(await on.bucket.openUploads()).toEqual([]);
  await store.close();
}, 600_000);
