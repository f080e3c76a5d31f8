import { randomFillSync } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inRoot } from "./checkout.mjs";

/** Debian's, as end-to-end tests have it. */
const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
/** A limit for what hangs: a busy machine is slow, not wrong. */
const PATIENCE_MS = 120_000;

/**
 * Drops an audio file on the page and waits until it is finished, and until the companion's list says so too. The page has to be
 * served with a strict policy, and must have nothing to complain of.
 *
 * @param {import("./example-apps.mjs").ExampleApp} app
 * @param {string} url
 * @throws {Error} That says what did not hold.
 */
export async function driveExample(app, url, { companionUrl, folder }) {
  if (!existsSync(CHROMIUM))
    throw new Error(`There is no ${CHROMIUM}: install chromium, or set CHROMIUM_PATH.`);
  const { chromium } = createRequire(inRoot("e2e/package.json"))("@playwright/test");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    const workers = [];
    page.on("worker", (worker) => workers.push(worker.url()));

    const response = await page.goto(url);
    checkPolicy(response.headers()["content-security-policy"]);
    const file = await makeFile(folder, app);
    await { widget: uploadByWidget, plain: uploadByInput }[app.page](page, file);
    await isListed(file.name, companionUrl);

    // The engine, and what looks into files: where a bundler loses one, the page does its work itself.
    const wanted = app.page === "widget" ? 2 : 1;
    if (workers.length < wanted)
      throw new Error(`There are ${workers.length} workers in place of ${wanted}: ${workers.join(", ")}`);
    if (complaints.length > 0) throw new Error(`The page complains:\n${complaints.join("\n")}`);
  } finally {
    await browser.close();
  }
}

function checkPolicy(policy = "") {
  const isStrict = /default-src 'none'/.test(policy) && /script-src 'self'/.test(policy);
  if (!isStrict || /'unsafe-/.test(policy))
    throw new Error(`The policy is not strict: ${policy || "there is none"}`);
}

/** A name of its own: all examples upload to one companion. */
async function makeFile(folder, app) {
  const name = `${app.name.replaceAll(/\W+/g, "-")}.wav`;
  mkdirSync(join(folder, "audio"));
  const path = join(folder, "audio", name);
  // Another content for each: what is stored already is asked about before it is sent again.
  const bytes = await readFile(inRoot("e2e/fixtures/chord.wav"));
  randomFillSync(bytes, bytes.length - 16);
  await writeFile(path, bytes);
  return { name, path };
}

/** As a person drops it, by the roles and names of docs/test-contract.md. */
async function uploadByWidget(page, file) {
  const widget = page.getByRole("region", { name: "Upload audio", exact: true });
  await widget.getByRole("button", { name: "Choose audio files" }).waitFor();
  const meter = page.getByRole("meter").first();
  await meter.waitFor();
  const before = Number(await meter.getAttribute("aria-valuenow"));

  const input = await page.evaluateHandle(() =>
    Object.assign(document.createElement("input"), { type: "file" }),
  );
  await input.asElement().setInputFiles(file.path);
  await widget
    .locator(".uppy-Dashboard-AddFiles")
    .first()
    .evaluate((entrance, { files }) => {
      const dataTransfer = new DataTransfer();
      for (const one of files) dataTransfer.items.add(one);
      for (const type of ["dragover", "drop"])
        entrance.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    }, input);
  await widget
    .getByRole("list", { name: "Uploads", exact: true })
    .getByRole("listitem", { name: file.name, exact: true })
    .and(page.locator("[data-status=done]"))
    .waitFor();
  // The meter hears of it by itself.
  await page.waitForFunction(
    ([element, value]) => Number(element.getAttribute("aria-valuenow")) > value,
    [await meter.elementHandle(), before],
  );
}

/** Held back at the store, paused, resumed, and finished. */
async function uploadByInput(page, file) {
  const { promise: heal, resolve } = Promise.withResolvers();
  await page.context().route(/X-Amz-Signature/, async (route) => {
    if (route.request().method() === "PUT") await heal;
    await route.continue().catch(() => undefined);
  });
  await page.getByLabel("Audio files").setInputFiles(file.path);
  const row = page.getByRole("list", { name: "Uploads" }).getByRole("listitem", { name: file.name });
  const is = (status) => row.and(page.locator(`[data-status=${status}]`)).waitFor();
  await is("uploading");
  await row.getByRole("progressbar").waitFor();
  await row.getByRole("button", { name: "Pause" }).click();
  await is("paused");
  await row.getByRole("button", { name: "Resume" }).click();
  resolve();
  await is("done");
  await row.getByText(/Stored as [0-9a-f-]{36}/).waitFor();
  await page
    .getByRole("status")
    .getByText(/^[\d.]+ GiB of [\d.]+ GiB used$/)
    .waitFor();
}

async function isListed(name, companionUrl) {
  const ask = async (path, init) => {
    const response = await fetch(companionUrl + path, init);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return await response.json();
  };
  const { token } = await ask("/demo/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "alpha" }),
  });
  const { files } = await ask("/v1/files", { headers: { authorization: `Bearer ${token}` } });
  const found = files.filter((file) => file.name === name);
  if (found.length !== 1 || found[0].state !== "stored")
    throw new Error(`The companion has ${JSON.stringify(found)} of ${name}, and should have it as stored.`);
}
