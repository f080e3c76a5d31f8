import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillEmbeddedHistory } from "@audiotricks/testing/embedded-history";
import { freePort } from "@audiotricks/testing/free-port";
import { A_MONTH } from "@audiotricks/testing/history";
import { prepareEmbeddedDatabase } from "@audiotricks/testing/migrated-pglite";
import { test as base, expect, type Page } from "@playwright/test";
import { ServerProcess } from "./server-process.ts";
import type { StackOption } from "./test.ts";

export { expect } from "@playwright/test";

/** Less than a month of a real deployment, in the same shape: every chart has something to show. */
const SOME = { files: 1500, operations: 6000, workspaces: 4, users: 30 };

interface OperatorFixtures {
  /** Signs in where the address leads, and waits for the page. */
  openAs: (login: "alpha" | "operator", path: string) => Promise<Page>;
}

/** The demo on a database with a history; nothing of it is at the store, so nothing is audited. */
export const test = base.extend<OperatorFixtures, StackOption & { siteUrl: string }>({
  stackName: ["embedded", { scope: "worker", option: true }],

  siteUrl: [
    async ({ stackName }, use) => {
      const dataDir = await mkdtemp(join(tmpdir(), `at-operator-${stackName}-`));
      try {
        await prepareEmbeddedDatabase(dataDir);
        await fillEmbeddedHistory(dataDir, { ...A_MONTH, ...SOME, until: new Date() });
        const [port, emulatorPort] = [await freePort(), await freePort()];
        await using server = new ServerProcess(port, {
          DATA_DIR: dataDir,
          EMULATOR_PORT: String(emulatorPort),
        });
        await server.start();
        await use(server.url);
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    },
    { scope: "worker", timeout: 180_000 },
  ],

  openAs: async ({ page, siteUrl }, use) => {
    await use(async (login, path) => {
      await page.goto(siteUrl + path);
      await page.getByRole("button", { name: `Sign in as ${login}` }).click();
      await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Sign in to upload");
      return page;
    });
  },
});
