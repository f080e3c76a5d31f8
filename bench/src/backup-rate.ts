// How fast files are copied to their backup, against a plain parallel copy of the same objects in the same run:
// `node bench/src/backup-rate.ts --help`.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import {
  addProvider,
  createStorage,
  type Database,
  openProviders,
  parseEnvelopeKey,
  prepareBucket,
} from "@audiotricks/storage";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedUser } from "@audiotricks/testing/seed";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { median } from "./median.ts";

const USAGE =
  "node bench/src/backup-rate.ts [--store ceph|emulator] [--count 1000] [--mib 10] [--rounds 3]: 10 GiB in 1,000 files, and three times that on disk";
const { values } = parseArgs({
  options: {
    store: { type: "string", default: "ceph" },
    count: { type: "string", default: "1000" },
    mib: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}
/** What is wanted, of the plain copy's rate. */
const WANTED = 0.7;
/** Files at once, of both. */
const LANES = 8;
const [count, mib, rounds] = [wholeNumber(values.count), wholeNumber(values.mib), wholeNumber(values.rounds)];
const size = mib * 1024 ** 2;

await using closing = new AsyncDisposableStack();
const store = await openStore();
const postgres = closing.use(await startPostgres());
await createTemplate(postgres.url);
const database = closing.use(await createTestDatabase<Database>(postgres.url));
const { db } = database;
const { endpoint, region, accessKeyId, secretAccessKey } = store;
const place = { endpoint, region, accessKeyId, secretAccessKey };
const client = new S3Client({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
});
closing.defer(() => client.destroy());
const encryptionKey = randomBytes(32).toString("base64");
const source = `bench-${randomUUID()}`;
await prepareBucket({ ...place, bucket: source }, { allowedOrigins: ["http://localhost:3000"] });
const providers = await openProviders({
  db,
  spaces: { ...place, bucket: source },
  encryptionKey,
  allowInternalEndpoints: true,
});
const { id: providerId } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
const keys = await fill();
const storage = createStorage({ db, providers });
closing.defer(() => storage.close());

const plain: number[] = [];
const ours: number[] = [];
let grown = 0;
for (let round = 0; round < rounds; round++) {
  // Each comes first in its turn.
  for (const turn of round % 2 === 0 ? [copyPlainly, backUp] : [backUp, copyPlainly]) await turn();
}
const ratios = plain.map((ms, round) => ms / (ours[round] ?? Number.NaN));
const rate = (ms: number[]) => `${((count * mib) / (median(ms) / 1000)).toFixed(1)} MiB/s`;
console.log(
  `${count} files of ${mib} MiB on ${values.store}: backup ${rate(ours)}, plain copy ${rate(plain)}`,
);
console.log(
  `backup ÷ plain copy: ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}), wanted ≥ ${WANTED}`,
);
console.log(`memory above that before a backup, at most: ${Math.round(grown / 1024 ** 2)} MiB`);

async function copyPlainly(): Promise<void> {
  const Bucket = `plain-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  const rest = keys.values();
  const lane = async (): Promise<void> => {
    for (const Key of rest) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: source, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: LANES }, lane));
  plain.push(performance.now() - began);
}

async function backUp(): Promise<void> {
  const bucket = `copies-${randomUUID()}`;
  await prepareBucket({ ...place, bucket }, { allowedOrigins: [] });
  const options = { encryptionKey: parseEnvelopeKey(encryptionKey), allowInternalEndpoints: true };
  await addProvider(db, { ...place, bucket, isPrimary: false, backupOf: [providerId] }, options);
  const before = process.memoryUsage.rss();
  const watch = setInterval(() => (grown = Math.max(grown, process.memoryUsage.rss() - before)), 50);
  const began = performance.now();
  let copied = 0;
  while (copied < count) {
    const report = await storage.backups.run();
    if (report.failures.length > 0) throw new Error(JSON.stringify(report.failures[0]));
    copied += report.copied;
  }
  ours.push(performance.now() - began);
  clearInterval(watch);
  // The next one is another bucket's.
  await db
    .updateTable("storage_providers")
    .set({ is_active: false })
    .where("bucket_name", "=", bucket)
    .execute();
}

/** Stored files and their objects, as a single PUT leaves them. */
async function fill(): Promise<string[]> {
  const userId = await seedUser(db);
  const made: string[] = [];
  for (let index = 0; index < count; index++) {
    const bytes = randomBytes(size);
    const etag = createHash("md5").update(bytes).digest("hex");
    const id = randomUUID();
    const key = `audio/uploads/2026/11/${id}.wav`;
    await client.send(new PutObjectCommand({ Bucket: source, Key: key, Body: bytes }));
    await sql`
      INSERT INTO file_storage (id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id, storage_path,
        storage_url, file_size, etag, status, content_type, user_id, stored_at)
      VALUES (${id}, 'take.wav', ${`${id}.wav`}, 'wav', 'audio/wav', ${providerId}, ${key}, ${`/v1/files/${id}/content`}, ${size},
        ${etag}, 'stored', 'audio_file', ${userId}, now())`.execute(db);
    made.push(key);
  }
  return made;
}

async function openStore() {
  if (values.store === "ceph") return closing.use(await startCephGateway());
  if (values.store !== "emulator") throw new Error(USAGE);
  const dataDir = await mkdtemp(join(tmpdir(), "at-bench-"));
  const credentials = { accessKeyId: "BENCHKEY", secretAccessKey: "benchsecret-of-the-emulator" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [credentials] });
  closing.defer(async () => {
    await emulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return { endpoint: emulator.endpoint, region: "us-east-1", ...credentials };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(USAGE);
  return number;
}
