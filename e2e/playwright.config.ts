import { CHROMIUM, HEADLESS_CHROMIUM } from "@audiotricks/testing/chromium";
import { defineConfig } from "@playwright/test";
import type { StackOption } from "./harness/test.ts";

/** What the page looks like, and what a development build of it does, is the same on any store. */
const OF_THE_PAGE_ALONE = [
  "accessibility",
  "audio-preflight",
  "choose-uploads",
  "debug-drawer",
  "language",
  "live-quota",
  "long-list",
  "operator",
  "phone",
  "quota-levels",
  "screen-reader",
  "strict-mode",
].map((name) => `**/${name}.spec.ts`);

/** What goes wrong at will, which no store does that is not ours. */
const OF_THE_LOCAL_STORE = ["**/store-faults.spec.ts"];

/** What people are asked by the browser, which is all of it there. */
const OF_THE_WHOLE_BROWSER = ["**/background-tab.spec.ts", "**/continue.spec.ts"];

/** What lets time pass, and leaves the processors to others meanwhile. */
const OUTAGES = ["**/broken-connection.spec.ts"];

/** What has stores of its own. */
const OF_TWO_STORES = ["**/region-down.spec.ts"];

/** What needs a database or a store beside the server, and what does not come to know which they are: once is enough. */
const OF_SERVERS = [
  // Rows can be written from outside only where the database is a server.
  "rows-born-in-sql",
  "file-states",
  // The local store is at an address, which has no second name.
  "two-hosts",
  "library",
  "stock-uppy",
  "two-tabs",
  "two-users",
  "worker",
].map((name) => `**/${name}.spec.ts`);

export default defineConfig<object, StackOption>({
  testDir: "specs",
  outputDir: "test-results",
  // Each worker runs a server, a store and a browser of its own, and waits for them half of the time: three keep two processors
  // busy, and a fourth is for those that wait. The projects are begun in their order.
  workers: 4,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  // A test that passes the second time failed the first.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  reporter: "list",
  use: {
    launchOptions: HEADLESS_CHROMIUM,
    // A seventh of the work where it is on: `playwright test --trace on` for whoever looks for something.
    trace: "off",
  },
  projects: [
    {
      name: "ceph, outages",
      use: { stackName: "ceph" },
      testMatch: OUTAGES,
      workers: 1,
    },
    {
      name: "two stores",
      testMatch: OF_TWO_STORES,
      workers: 1,
    },
    {
      name: "ceph, whole Chromium",
      use: { stackName: "ceph", launchOptions: CHROMIUM },
      testMatch: OF_THE_WHOLE_BROWSER,
      workers: 1,
    },
    {
      name: "ceph",
      use: { stackName: "ceph" },
      testIgnore: [
        ...OF_THE_PAGE_ALONE,
        ...OF_THE_LOCAL_STORE,
        ...OF_THE_WHOLE_BROWSER,
        ...OUTAGES,
        ...OF_TWO_STORES,
      ],
      workers: 3,
    },
    {
      name: "embedded, outages",
      use: { stackName: "embedded" },
      testMatch: OUTAGES,
      workers: 1,
    },
    {
      name: "embedded",
      use: { stackName: "embedded" },
      testIgnore: [...OF_SERVERS, ...OF_THE_WHOLE_BROWSER, ...OUTAGES, ...OF_TWO_STORES],
      workers: 3,
    },
  ],
});
