import { HEADLESS_CHROMIUM } from "@audiotricks/testing/chromium";
import { defineConfig } from "@playwright/test";
import type { GalleryOption } from "./test/gallery.ts";

export default defineConfig<GalleryOption>({
  testDir: "test",
  outputDir: "test-results",
  snapshotPathTemplate: "{testDir}/kept/{arg}{ext}",
  fullyParallel: true,
  workers: 3,
  // Limits are for what hangs: a busy machine is slow, not wrong.
  timeout: 180_000,
  expect: {
    timeout: 30_000,
    toHaveScreenshot: {
      animations: "disabled",
      scale: "css",
      // Chromium 150 and 156 draw the same; the smallest icon that is gone is 33 pixels.
      maxDiffPixels: 20,
    },
  },
  // A test that passes the second time failed the first.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  reporter: "list",
  use: {
    launchOptions: HEADLESS_CHROMIUM,
    viewport: { width: 680, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    contextOptions: { reducedMotion: "reduce" },
    // Otherwise nobody would be offered to be notified.
    permissions: ["notifications"],
  },
});
