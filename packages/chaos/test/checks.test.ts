import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { createStorage, type Database, openProviders } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { checkAnswers } from "../src/check/answers.ts";
import { checkBucket } from "../src/check/bucket.ts";
import { checkEvents } from "../src/check/events.ts";
import { checkOperations } from "../src/check/operations.ts";
import { Secrets } from "../src/check/secrets.ts";
import { bytesOf, Ledger } from "../src/ledger.ts";
import type { Evidence } from "../src/open-site.ts";
import { Random } from "../src/random.ts";
import { startReceiver } from "../src/receiver.ts";
import { checkCounters } from "../src/watch-counters.ts";

const SECRET = "secret-of-the-chaos-store";
const BUCKET = "chaos";

interface Case extends Evidence {
  key: string;
  /** Past triggers, as no code of ours can. */
  tamper: (sql: string) => Promise<void>;
}

/** One file that was sent, acknowledged and told of. @returns What is wrong after `tamper`. */
async function violationsAfter(tamper: (on: Case) => Promise<unknown>): Promise<string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "at-chaos-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const credentials = { accessKeyId: "CHAOSKEY", secretAccessKey: SECRET };
  const { endpoint } = stack.use(await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] }));
  const { db, pool } = stack.use(await createTestDatabase<Database>());
  const receiver = stack.use(await startReceiver(new Random(1, "receiver")));
  const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  stack.defer(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  const ledger = new Ledger();
  const me = { userId: await seedUser(db) };
  const spaces = { endpoint, region: "us-east-1", bucket: BUCKET, ...credentials };
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  const file = ledger.born({ name: "a.wav", userId: me.userId, size: 5000, seed: 1 });
  const wish = { clientId: "1", name: file.name, size: file.size, type: "audio/wav" };
  const [created] = await storage.uploads.create(me, [{ ...wish, contentType: "audio_file" }]);
  if (created === undefined || "error" in created) throw new Error("not created");
  const { sessionId, urls } = created.session;
  for (const { url, headers } of urls) await fetch(url, { method: "PUT", headers, body: bytesOf(file) });
  const completion = await storage.uploads.complete(me, sessionId, {});
  if (completion.state !== "completed") throw new Error("not completed");
  ledger.acknowledge(file, completion.file);
  await storage.close();
  await pool.query("UPDATE outbox_events SET status = 'delivered', settled_at = now()");
  const { rows } = await pool.query<{ id: string; type: string; sequence: number }>(
    "SELECT id, event_type AS type, sequence FROM outbox_events ORDER BY sequence",
  );
  receiver.received.push(...rows.map((row) => ({ ...row, fileId: completion.file.id })));

  const evidence = { ledger, pool, s3, bucket: BUCKET, receiver };
  await tamper({
    ...evidence,
    key: completion.file.key,
    tamper: async (sql) => {
      const client = await pool.connect();
      await client
        .query(`SET session_replication_role = replica; ${sql}`)
        .finally(() => client.release(true));
    },
  });
  await checkBucket(evidence);
  await checkAnswers(evidence);
  await checkEvents(evidence);
  await checkOperations(evidence);
  await checkCounters(pool, ledger);
  await new Secrets([SECRET], ledger).searchDatabase(pool);
  return ledger.violations;
}

describe("what is looked at after chaos", () => {
  it("is all right where nothing went wrong", async () => {
    expect(await violationsAfter(async () => undefined)).toEqual([]);
  });

  const Bucket = BUCKET;
  it.each<[what: string, tamper: (on: Case) => Promise<unknown>, violation: RegExp]>([
    [
      "an object that is gone",
      ({ s3, key: Key }) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
      /^1: a\.wav is stored, and .* is not there/,
    ],
    [
      "other bytes",
      ({ s3, key: Key }) =>
        s3.send(new PutObjectCommand({ Bucket, Key, Body: bytesOf({ size: 5000, seed: 2 }) })),
      /^10: a\.wav .* has other bytes/,
    ],
    [
      "an object without a row",
      ({ s3 }) => s3.send(new PutObjectCommand({ Bucket, Key: "audio/uploads/x.wav", Body: "x" })),
      /^5: audio\/uploads\/x\.wav is left at the store, and no row knows it/,
    ],
    [
      "an upload that is left",
      ({ s3 }) => s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "audio/uploads/y.wav" })),
      /^5: upload .* is left at the store/,
    ],
    [
      "a counter that is off by one",
      ({ tamper }) => tamper("UPDATE storage_counters SET used_bytes = used_bytes + 1"),
      /^4: user .* is counted as 5001\/1/,
    ],
    [
      "a limit that was passed",
      ({ pool }) =>
        pool.query("INSERT INTO storage_quotas (user_id, max_storage_bytes) SELECT id, 4999 FROM users"),
      /^3: user .* has 5000 bytes of 4999/,
    ],
    [
      "an acknowledged file that failed",
      ({ tamper }) => tamper("UPDATE file_storage SET status = 'failed'"),
      /^1: a\.wav was acknowledged as .* which is failed/,
    ],
    [
      "a file that was stored twice",
      ({ tamper }) =>
        tamper(
          "INSERT INTO audit_logs (action, resource, resource_id) SELECT action, resource, resource_id FROM audit_logs WHERE action = 'file_stored'",
        ),
      /^6: file .* was stored 2 times/,
    ],
    [
      "a session that ended otherwise than its file",
      ({ tamper }) => tamper("UPDATE multipart_uploads SET status = 'aborted', completed_at = NULL"),
      /^2: session .* is aborted, and its file stored/,
    ],
    [
      "an event that never came",
      async ({ receiver }) => receiver.received.splice(0),
      /^event \d+ \(file\.stored\) .* never arrived/,
    ],
    [
      "a change that nobody was told of",
      ({ tamper }) => tamper("DELETE FROM outbox_events"),
      /^file .* is stored, and what was told of it: nothing/,
    ],
    [
      "a call to the store about nothing of ours",
      ({ tamper }) => tamper("UPDATE spaces_operations SET storage_path = 'elsewhere'"),
      /^operations: .* of elsewhere, which no row knows/,
    ],
    [
      "a secret in a row",
      ({ tamper }) => tamper(`UPDATE users SET name = 'it is ${SECRET}'`),
      /^15: public\.users has secret-of/,
    ],
  ])("tells of %s", async (_what, tamper, violation) => {
    const violations = await violationsAfter(tamper);
    expect(violations).toEqual(expect.arrayContaining([expect.stringMatching(violation)]));
  });
});
