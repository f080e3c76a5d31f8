import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "@audiotricks/testing/free-port";
import { type LocalRegion, openLocalRegion } from "@audiotricks/testing/local-region";
import { startPostgres } from "@audiotricks/testing/postgres";
import { ServerProcess } from "./server-process.ts";
import { QUOTA_BYTES } from "./stack.ts";

export interface TwoRegions extends AsyncDisposable {
  server: ServerProcess;
  /** Where uploads go. */
  primary: LocalRegion;
  /** Where they go while that is down. */
  standIn: LocalRegion;
  /** For the test's own files; removed with it. */
  folder: string;
}

const CLI = join(import.meta.dirname, "../../packages/cli/src/main.ts");

/** A server on PostgreSQL with a bucket in each of two regions, the second added and named to stand in as operators do it. */
export async function openTwoRegions(): Promise<TwoRegions> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await startPostgres());
  const folder = await mkdtemp(join(tmpdir(), "at-regions-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const primary = opened.use(await openLocalRegion(folder, "primary"));
  const standIn = opened.use(await openLocalRegion(folder, "stand-in"));

  const port = await freePort();
  const settings = {
    DATABASE_URL: postgres.url,
    STORAGE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
  };
  const server = opened.use(
    new ServerProcess(port, {
      ...settings,
      SPACES_ENDPOINT: primary.address.endpoint,
      SPACES_REGION: primary.address.region,
      SPACES_BUCKET: primary.address.bucket,
      SPACES_KEY: primary.address.accessKeyId,
      SPACES_SECRET: primary.address.secretAccessKey,
      SPACES_FORCE_PATH_STYLE: "true",
      SPACES_PREPARE: "true",
      DATA_DIR: join(folder, "server"),
      DEFAULT_USER_QUOTA_BYTES: String(QUOTA_BYTES),
    }),
  );
  await server.start();
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = standIn.address;
  const where = ["--endpoint", endpoint, "--region", region, "--bucket", bucket, "--name", "s3"];
  const { id } = await operate<{ id: string }>(
    ["provider", "add", ...where, "--access-key-id", accessKeyId, "--create", "--origin", server.url],
    { settings, stdin: secretAccessKey },
  );
  await operate(["place", "stand-in", id], { settings });
  const moved = opened.move();
  return { server, primary, standIn, folder, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** What an operator types, in a process of its own. @throws With what it said, unless it did what it was told. */
async function operate<Answer>(
  words: readonly string[],
  { settings, stdin = "" }: { settings: Record<string, string>; stdin?: string },
): Promise<Answer> {
  const child = spawn(process.execPath, [CLI, ...words, "--json"], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(stdin);
  const [said, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}:\n${said}${complaint}`);
  return JSON.parse(said) as Answer;
}
