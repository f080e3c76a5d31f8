import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { startCephGateway } from "@audiotricks/testing/ceph";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";
import { seedUser } from "@audiotricks/testing/seed";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { residentMiB } from "../resident-memory.ts";
import { MiB } from "../workload.ts";
import { readDirectory } from "./directory.ts";
import { createGeneratedStore, GENERATED_ETAG, generatedBytes } from "./generated-store.ts";
import { type SeededFile, seedFiles } from "./seed-files.ts";

// One archive, and a plain read of the same objects in the same run, with as many calls at once.
//   node bench/src/exports/main.ts --store ceph --files 30 --mib 10
//   node bench/src/exports/main.ts --store generated --files 10000 --mib 10.24   # 100 GiB that nobody keeps
const { values } = parseArgs({
  options: {
    /** `generated` keeps nothing; the others are real. */
    store: { type: "string", default: "emulator" },
    files: { type: "string", default: "30" },
    mib: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
  },
});
const count = Number(values.files);
const size = Math.round(Number(values.mib) * MiB);
const total = count * size;
/** As many as an export has under way. */
const LANES = 16;

await using postgres = await startPostgres();
await createTemplate(postgres.url);
await using database = await createTestDatabase<Database>(postgres.url);
const { db } = database;
const userId = await seedUser(db);

async function onGenerated(): Promise<void> {
  const store = createGeneratedStore(size);
  const spaces = {
    endpoint: "http://127.0.0.1:9",
    region: "us-east-1",
    bucket: "generated",
    accessKeyId: "K",
    secretAccessKey: "s",
  };
  const providers = await openProviders({ db, spaces });
  const files = Array.from({ length: count }, () => ({ key: keyOf(), etag: GENERATED_ETAG }));
  const ids = await seedFiles(db, { userId, size, files });
  const storage = createStorage({
    db,
    providers,
    requestHandler: store.requestHandler,
    onError: console.error,
  });
  const { seconds, bytes } = await makeArchive(storage, ids);
  if (store.archive()?.size !== bytes) throw new Error("the archive has another size than was planned");
  const entries = readDirectory(store.end(), bytes);
  if (entries.length !== count) throw new Error(`${entries.length} of ${count} files`);
  for (const entry of [...entries.slice(0, 3), ...entries.slice(-3)]) {
    const file = files[Number(/\d+/.exec(entry.name)?.[0])];
    const content = generatedBytes(file?.key ?? "", 0, size);
    if (entry.size !== size || entry.crc32 !== crc32(content))
      throw new Error(`${entry.name} has another CRC`);
  }
  tell(
    `${count} files, ${gib(total)} GiB: ${seconds.toFixed(1)} s, ${rate(total, seconds)} MiB/s, ${await memory()} MiB at most`,
  );
  await storage.close();
}

async function onReal(name: string): Promise<void> {
  const store = name === "ceph" ? await startCephGateway() : await openEmulator();
  try {
    const { endpoint, region, accessKeyId, secretAccessKey } = store;
    const spaces = { endpoint, region, accessKeyId, secretAccessKey, bucket: `bench-${randomUUID()}` };
    await prepareBucket(spaces, { allowedOrigins: [] });
    const providers = await openProviders({ db, spaces });
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
    const files: SeededFile[] = [];
    for (let index = 0; index < count; index++) {
      const key = keyOf();
      const body = generatedBytes(key, 0, size);
      await client.send(new PutObjectCommand({ Bucket: spaces.bucket, Key: key, Body: body }));
      files.push({ key, etag: createHash("md5").update(body).digest("hex") });
    }
    const ids = await seedFiles(db, { userId, size, files });
    const storage = createStorage({ db, providers, onError: console.error });
    const ratios: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const read = await timed(async () => {
        const queue = files.values();
        const lane = async () => {
          for (const { key } of queue) {
            const { Body } = await client.send(new GetObjectCommand({ Bucket: spaces.bucket, Key: key }));
            for await (const _ of Body as AsyncIterable<Uint8Array>);
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
      });
      const { seconds } = await makeArchive(storage, ids);
      ratios.push(read / seconds);
      tell(
        `${name}, ${count} files, ${gib(total)} GiB: read ${rate(total, read)} MiB/s, archive ${rate(total, seconds)} MiB/s, ${(read / seconds).toFixed(2)} ×`,
      );
    }
    const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN;
    tell(
      `archive ÷ plain read, median: ${median.toFixed(2)} × (wanted: 0.6 ×); ${await memory()} MiB at most`,
    );
    await storage.close();
    client.destroy();
  } finally {
    await ("stop" in store ? store.stop() : store.close());
  }
}

async function makeArchive(storage: ReturnType<typeof createStorage>, fileIds: string[]) {
  const { id } = await storage.exports.create({ userId }, { kind: "files", fileIds, expiresIn: 3600 });
  const seconds = await timed(async () => {
    const { failures } = await storage.exports.run();
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
  });
  const { state, bytes, error } = await storage.exports.get({ userId }, id);
  if (state !== "done") throw new Error(`${state}: ${error?.message}`);
  return { seconds, bytes: bytes.total };
}

async function openEmulator() {
  const dataDir = await mkdtemp(join(tmpdir(), "at-bench-"));
  const own = { accessKeyId: "K", secretAccessKey: "secret-of-the-bench" };
  const emulator = await startSpacesEmulator({ port: 0, dataDir, credentials: [own] });
  const close = async () => {
    await emulator.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { endpoint: emulator.endpoint, region: "us-east-1", ...own, close };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
const keyOf = () => `audio/uploads/2026/11/${randomUUID()}.wav`;
const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(2);
const rate = (bytes: number, seconds: number) => Math.round(bytes / MiB / seconds);
const memory = async () => Math.round(await residentMiB(process.pid, "VmHWM"));
const tell = (line: string) => process.stdout.write(`${line}\n`);

await (values.store === "generated" ? onGenerated() : onReal(values.store));
