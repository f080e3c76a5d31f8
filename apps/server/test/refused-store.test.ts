import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { expect, it } from "vitest";
import { startServerProcess, usedDirectory } from "./server-process.ts";

it("starts with a key that the store refuses, and says which settings to mend, without a stack", async () => {
  using directory = await usedDirectory();
  await using spaces = await startSpacesEmulator({
    dataDir: join(directory.path, "spaces"),
    port: 0,
    credentials: [{ accessKeyId: "right", secretAccessKey: "right secret" }],
  });
  await using server = await startServerProcess({
    DATA_DIR: join(directory.path, "data"),
    SPACES_ENDPOINT: spaces.endpoint,
    SPACES_REGION: "us-east-1",
    SPACES_BUCKET: "audio",
    SPACES_KEY: "right",
    SPACES_SECRET: "hunter2",
  });
  const ready = await server.fetch("/readyz");
  expect(ready.status).toBe(503);
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(server.output()).toMatch(
    /^ {2}Nothing can be uploaded yet\. .* \(403\)\. Set SPACES_KEY and SPACES_SECRET/m,
  );
  expect(server.output()).not.toMatch(/hunter2|"stack"|\n\s+at /);
});
