import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { target } from "./about.ts";
import { writeDown } from "./evidence.ts";

const MAIN = join(import.meta.dirname, "../../../packages/cli/src/main.ts");

/** The operator's command as a process of its own, on the database and the store of the servers. All it prints is kept. */
export async function operatorCommand(
  words: string[],
  { env = {}, stdin = "" }: { env?: Record<string, string>; stdin?: string } = {},
): Promise<{ exitCode: number; text: string; json<T>(): T }> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = target.store;
  const child = spawn(process.execPath, [MAIN, ...words, "--json"], {
    cwd: target.folder,
    env: {
      PATH: process.env.PATH ?? "",
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
      DATABASE_URL: target.databaseUrl,
      STORAGE_ENCRYPTION_KEY: target.encryptionKey,
      ALLOWED_ORIGINS: target.pageOrigin,
      SPACES_ENDPOINT: endpoint,
      SPACES_REGION: region,
      SPACES_BUCKET: bucket,
      SPACES_KEY: accessKeyId,
      SPACES_SECRET: secretAccessKey,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, text] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  child.stdin.on("error", () => undefined).end(stdin);
  const [exitCode] = (await once(child, "close")) as [number];
  writeDown(target.folder, "command", text);
  return { exitCode, text, json: <T>() => JSON.parse(stdout) as T };
}

export const INTERNAL = { STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true" };

/** Adds a bucket of its own at the local store, whose secret is sealed in its row. @returns Id of the row. */
export async function addProvider(...more: string[]): Promise<string> {
  const { endpoint, region, accessKeyId, secretAccessKey } = target.store;
  const options = { endpoint, region, bucket: `attack-${crypto.randomUUID()}`, "access-key-id": accessKeyId };
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const added = await operatorCommand(["provider", "add", ...words, "--create", ...more], {
    env: INTERNAL,
    stdin: secretAccessKey,
  });
  if (added.exitCode !== 0) throw new Error(`not added: ${added.text}`);
  return added.json<{ id: string }>().id;
}
