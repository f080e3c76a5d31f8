import { randomUUID } from "node:crypto";
import { type KyselyPlugin, sql } from "kysely";
import { expect, it } from "vitest";
import { createPresigner } from "../src/s3/presign.ts";
import { describeReconcile } from "./describe-reconcile.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage } from "./test-storage.ts";

describeReconcile("the emulator", openEmulator);

/** Of everything but the log of calls to the store, which is written in its own time. */
function countStatements(): { plugin: KyselyPlugin; count: number } {
  const counter = {
    count: 0,
    plugin: {
      transformQuery: ({ node }) => {
        if (!JSON.stringify(node).includes("spaces_operations")) counter.count++;
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    } satisfies KyselyPlugin,
  };
  return counter;
}

it("walks pages of bucket and rows in few statements, and goes on where one that was cut off had got to", async () => {
  const store = await openEmulator();
  await using on = await openTestStorage(store);
  // Rows without objects between objects without rows, more than a page of each.
  const keys = Array.from({ length: 2300 }, () => `audio/uploads/2026/11/${randomUUID()}.wav`).toSorted();
  const entries = keys.entries();
  const { endpoint, region } = store;
  const bucket = { endpoint, region, bucket: on.bucket.name, forcePathStyle: true };
  const presigner = createPresigner({ ...bucket, credentials: store, now: () => new Date() });
  const put = async (): Promise<void> => {
    for (const [index, key] of entries) {
      if (index % 2 === 1) continue;
      // The SDK would take longer over it than all the rest.
      const url = presigner.putObject({ key, size: 1, expiresIn: 60 });
      const { status } = await fetch(url, { method: "PUT", body: "x" });
      if (status !== 200) throw new Error(`${status}`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, put));
  await sql`
      INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url, file_size,
        content_type, status, user_id)
      SELECT 'a.wav', 'a.wav', p.id, k.key, '', 1, 'audio_file', 'stored', ${on.me.userId}
      FROM storage_providers p, jsonb_array_elements_text(${JSON.stringify(keys.filter((_, index) => index % 2 === 1))}::jsonb) k (key)`.execute(
    on.db,
  );
  const stop = new AbortController();
  const seen: string[] = [];
  const statements = countStatements();
  const counted = await on.openAnother({ db: on.db.withPlugin(statements.plugin) });
  const first = await counted.upkeep.reconcile({
    signal: stop.signal,
    onFinding: (finding) => {
      if ("file" in finding) seen.push(finding.file.key);
      else if ("object" in finding) seen.push(finding.object.key);
      stop.abort();
    },
  });
  expect(first.objects).toBe(1000);
  // Whatever is found: as many objects as this page has rows.
  expect(first.findings.object_missing).toBeGreaterThan(900);
  expect(statements.count).toBeLessThanOrEqual(13);
  const whole = await on.storage.upkeep.reconcile({
    resumes: true,
    onFinding: (finding) => {
      if ("file" in finding) seen.push(finding.file.key);
      else if ("object" in finding) seen.push(finding.object.key);
    },
  });
  expect(whole).toEqual({
    providers: 1,
    objects: 1150,
    rows: 1150,
    findings: { unknown_object: 1150, object_missing: 1150 },
  });
  expect(seen.toSorted()).toEqual(keys);
  expect(await on.db.selectFrom("reconcile_progress").selectAll().execute()).toEqual([]);
  await store.close();
});
