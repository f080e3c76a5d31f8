import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { refusedStart, temporaryDirectory } from "./server-process.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

it.each<[string, Record<string, string>, RegExp]>([
  ["a bad port", { PORT: "http" }, /PORT must be a port/],
  ["half a store", { SPACES_BUCKET: "audio" }, /SPACES_ENDPOINT is missing/],
  ["the demo in production", { NODE_ENV: "production", DEMO: "true" }, /DEMO must not be true/],
  ["nobody who could sign in", { DEMO: "false" }, /JWT_ISSUER is missing/],
  [
    "a database that is not there",
    { DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/x" },
    /Check DATABASE_URL/,
  ],
  ["a file where its data should be", { DATA_DIR: fileURLToPath(import.meta.url) }, /Set DATA_DIR to/],
  [
    "a store that is not there",
    {
      SPACES_ENDPOINT: "http://127.0.0.1:1",
      SPACES_REGION: "fra1",
      SPACES_BUCKET: "audio",
      SPACES_KEY: "k",
      SPACES_SECRET: "hunter2",
      SPACES_PREPARE: "true",
    },
    /ECONNREFUSED\. .*Please check SPACES_ENDPOINT/,
  ],
  ["an address of another machine", { HOST: "192.0.2.1" }, /Set HOST to/],
  [
    "the CDN for the store",
    {
      SPACES_ENDPOINT: "https://audio.fra1.cdn.digitaloceanspaces.com",
      SPACES_REGION: "fra1",
      SPACES_BUCKET: "audio",
      SPACES_KEY: "k",
      SPACES_SECRET: "hunter2",
    },
    /SPACES_ENDPOINT must be the origin, not the CDN/,
  ],
])("does not start with %s, and says the mend", async (_, env, message) => {
  using directory = temporaryDirectory();
  const { code, output } = await refusedStart({ DATA_DIR: join(directory.path, "data"), ...env });
  expect(code).toBe(1);
  expect(output).toMatch(message);
  expect(output).not.toContain("hunter2");
  expect(output).not.toMatch(/\n\s+at /);
});

it.each(["PORT", "EMULATOR_PORT"])("does not start when %s is in use, and names it", async (setting) => {
  using directory = temporaryDirectory();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = taken.address() as { port: number };
    const env = { DATA_DIR: join(directory.path, "data"), [setting]: String(port) };
    const { code, output } = await refusedStart(env);
    expect(code).toBe(1);
    expect(output).toContain(`${port}`);
    expect(output).toMatch(new RegExp(`set ${setting} to another one`));
  } finally {
    taken.close();
  }
});
