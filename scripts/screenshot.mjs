// `npm run screenshot`: makes docs/widget.png anew from the demo as it is, in the middle of some uploads.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, root } from "./checkout.mjs";
import { currentNode } from "./current-node.mjs";
import { buildDemo } from "./demo-build.mjs";

const MB = 1024 ** 2;
const FILES = [
  { name: "Jingle, last mix.wav", size: 2 * MB },
  { name: "Harbour session, take 4.wav", size: 40 * MB },
  { name: "Night bus, field recording.wav", size: 28 * MB },
];
/** Bytes per second: slow enough to be in the middle when the picture is taken. */
const UPLOAD_RATE = 1.2 * MB;
const SETTINGS = {
  PORT: "0",
  EMULATOR_PORT: "0",
  DEFAULT_USER_QUOTA_BYTES: String(512 * MB),
  DEFAULT_WORKSPACE_QUOTA_BYTES: String(1024 * MB),
};

const { chromium } = createRequire(inRoot("e2e/package.json"))("@playwright/test");

await buildDemo(currentNode(), console.log);
const folder = await mkdtemp(join(tmpdir(), "audiotricks-screenshot-"));
const server = startServer(join(folder, "data"));
try {
  const paths = await writeRecordings(folder);
  await mkdir(inRoot("docs"), { recursive: true });
  await takePicture(await server.url, paths, inRoot("docs/widget.png"));
  console.log("docs/widget.png is new.");
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function startServer(dataDir) {
  const { DATABASE_URL: _, ...env } = process.env;
  const main = inRoot("apps/server/src/main.ts");
  const child = spawn(currentNode(), ["--disable-warning=ExperimentalWarning", main], {
    cwd: root,
    env: { ...env, ...SETTINGS, DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  const url = new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
      const found = /https?:\/\/\S+/.exec(output)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error("The server ended before it was ready.")));
  });
  const stop = () => {
    child.kill("SIGTERM");
    return exit;
  };
  return { url, stop };
}

/** Valid recordings of a quiet tone; nobody looks inside, but the companion listens. */
function writeRecordings(folder) {
  return Promise.all(
    FILES.map(async ({ name, size }) => {
      const bytes = Buffer.alloc(size);
      bytes.write("RIFF");
      bytes.writeUInt32LE(size - 8, 4);
      bytes.write("WAVEfmt ", 8);
      bytes.writeUInt32LE(16, 16);
      bytes.writeUInt16LE(1, 20);
      bytes.writeUInt16LE(1, 22);
      bytes.writeUInt32LE(44_100, 24);
      bytes.writeUInt32LE(88_200, 28);
      bytes.writeUInt16LE(2, 32);
      bytes.writeUInt16LE(16, 34);
      bytes.write("data", 36);
      bytes.writeUInt32LE(size - 44, 40);
      for (let at = 44; at + 1 < size; at += 2) bytes.writeInt16LE(Math.round(2000 * Math.sin(at / 60)), at);
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

async function takePicture(url, paths, target) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1120, height: 900 }, deviceScaleFactor: 2 });
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in as Alpha" }).click();
    const input = page.locator(".uppy-Dashboard-input:not([webkitdirectory])");
    await input.setInputFiles(paths[0]);
    await page.locator('[data-status="done"]').waitFor();

    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    await network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 20,
      downloadThroughput: -1,
      uploadThroughput: UPLOAD_RATE,
    });
    await input.setInputFiles(paths.slice(1));
    const [, first, second] = FILES;
    await reaches(page, second.name, 0.3);
    await page.getByRole("button", { name: `Pause ${second.name}` }).click();
    await reaches(page, first.name, 0.6);
    await page.mouse.move(0, 0);

    const end = await page.getByRole("region", { name: "Upload audio" }).boundingBox();
    const height = Math.ceil(end.y + end.height + 28);
    await page.screenshot({ path: target, clip: { x: 0, y: 0, width: 1120, height } });
  } finally {
    await browser.close();
  }
}

async function reaches(page, name, share) {
  const bar = await page.getByRole("progressbar", { name }).elementHandle();
  await page.waitForFunction(([element, least]) => element.value / element.max >= least, [bar, share], {
    timeout: 120_000,
  });
}
