import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultFixtures } from "@audiotricks/spaces-emulator/playwright";
import { Account } from "@audiotricks/testing/account";
import { type Audited, audit, type ExpectedFile, wipe } from "@audiotricks/testing/audit";
import { UploadsPage } from "@audiotricks/testing/uploads-page";
import { test as base } from "@playwright/test";
import { openCephStack } from "./ceph-stack.ts";
import { openEmbeddedStack } from "./embedded-stack.ts";
import type { Stack, StackName } from "./stack.ts";

export { expect } from "@playwright/test";

export interface StackOption {
  stackName: StackName;
  /** What the browser is begun with beside what it always is. */
  browserArgs: readonly string[];
}

interface TestFixtures {
  /** Says what must be stored at the end of the test. Anything else left anywhere fails it; see `audit`. */
  expectStored: (...files: ExpectedFile[]) => void;
  /** Where the demo is opened; as the server serves it unless a test says otherwise. */
  address: string;
  /** The demo, not signed in yet. */
  uploads: UploadsPage;
  /** A folder of this test alone. */
  folder: string;
}

interface WorkerFixtures extends StackOption {
  stack: Stack;
}

export const test = base.extend(faultFixtures).extend<TestFixtures, WorkerFixtures>({
  stackName: ["embedded", { scope: "worker", option: true }],
  browserArgs: [[], { scope: "worker", option: true }],

  stack: [
    async ({ stackName }, use) => {
      await using stack = await (stackName === "ceph" ? openCephStack() : openEmbeddedStack());
      await use(stack);
    },
    { scope: "worker", timeout: 180_000 },
  ],

  faultAddress: async ({ stack }, use) => use(stack.faultAddress),

  // The browser is led through the lanes, and still sees the addresses that URLs are signed for.
  launchOptions: [
    async ({ launchOptions, browserArgs, stack }, use) => {
      const rules = [stack.serverLane, stack.storeLane].map(({ chromiumRule }) => chromiumRule);
      const own = `--host-resolver-rules=${rules.join(",")}`;
      const args = [...(launchOptions.args ?? []), own, ...browserArgs];
      await use({ ...launchOptions, args });
    },
    { scope: "worker" },
  ],

  // Set up before every page, so that it ends after the last of them is closed.
  expectStored: [
    async ({ stack }, use, testInfo) => {
      const expected: ExpectedFile[] = [];
      await use((...files) => void expected.push(...files));
      if (testInfo.status !== testInfo.expectedStatus) {
        // The worker, and its stack with it, ends here.
        await testInfo.attach("server", { body: stack.server.output, contentType: "text/plain" });
        return;
      }
      await audit(audited(stack), expected);
      await wipe(audited(stack));
    },
    { auto: true },
  ],

  address: async ({ stack }, use) => use(stack.server.url),

  uploads: async ({ page, stack, address }, use) => {
    await use(new UploadsPage(page, address));
    for (const lane of [stack.serverLane, stack.storeLane]) {
      lane.limit(null);
      lane.mend();
    }
  },

  folder: async ({ stackName }, use) => {
    const folder = await mkdtemp(join(tmpdir(), `at-${stackName}-`));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

/** What a stack is looked at by. */
export function audited({ server, store, query }: Stack): Audited {
  const signIn = (login: "alpha" | "beta") => Account.signIn(server.url, login);
  return { store, query, accounts: () => Promise.all([signIn("alpha"), signIn("beta")]) };
}
