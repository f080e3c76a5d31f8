import type { LaunchOptions } from "@playwright/test";

/** Debian's Chromium as people have it, as root too, and without the connections it makes of its own accord. */
export const CHROMIUM = {
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
  ],
  // In the C locale, which bare machines have, Chromium cannot open files whose names are not ASCII.
  env: { ...process.env, LC_ALL: "C.UTF-8" },
} satisfies LaunchOptions;

/**
 * The same without the windows, toolbars and drawing around the page: what Playwright takes by default for browsers that
 * nobody sees. Three fifths of the work.
 */
export const HEADLESS_CHROMIUM = {
  ...CHROMIUM,
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell",
} satisfies LaunchOptions;
