import { HEADLESS_CHROMIUM } from "@audiotricks/testing/chromium";
import type { UploadOptions } from "@audiotricks/testing/playwright";
import { defineConfig } from "@playwright/test";

export default defineConfig<object, UploadOptions>({
  testDir: ".",
  outputDir: "test-results",
  // Each test is alone with its worker's site: any of them may run beside any other, in any order.
  fullyParallel: true,
  workers: 3,
  // Limits are for what hangs: a busy machine is slow, not wrong.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  // A test that passes the second time failed the first.
  retries: 0,
  forbidOnly: true,
  reporter: "list",
  use: { launchOptions: HEADLESS_CHROMIUM },
});
