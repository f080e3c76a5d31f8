import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { startServerProcess, usedDirectory } from "./server-process.ts";

// Starts a real process, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** One instruction a line, without comments. */
const image = read("deploy/Dockerfile")
  .replace(/^#.*$/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");

interface Manifest {
  name: string;
  packageManager?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}
const manifestOf = (folder: string) => JSON.parse(read(join(folder, "package.json"))) as Manifest;

it("is made with the Node and the pnpm of this repository, and starts the server as npm start does", () => {
  const { devDependencies, packageManager } = manifestOf(".");
  const bases = image.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies?.node}-bookworm-slim`]));
  expect(image.join("\n")).toContain(
    `npx -y ${packageManager} --filter "${manifest.name}..." install --prod`,
  );
  const command = JSON.parse(image.at(-1)?.replace(/^CMD /, "") ?? "[]") as string[];
  expect(command.join(" ").replace("apps/server/", "")).toBe(manifest.scripts.start);
});

it("runs as a user who is not root, from the last of its stages to its command", () => {
  const last = image.findLastIndex((line) => line.startsWith("FROM "));
  expect(image.slice(last).filter((line) => line.startsWith("USER "))).toEqual(["USER node"]);
  const user = image.indexOf("USER node");
  expect(image.slice(user).some((line) => /^(RUN|COPY|ADD) /.test(line))).toBe(false);
});

it("has every package of ours that the server stands on", () => {
  const folders = ["migrations", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`)];
  const folderOf = new Map(
    folders
      .filter((folder) => existsSync(join(root, folder, "package.json")))
      .map((folder) => [manifestOf(folder).name, folder]),
  );
  const needed = new Set<string>();
  const add = (dependencies: Record<string, string> = {}) => {
    for (const [name, version] of Object.entries(dependencies)) {
      const folder = folderOf.get(name) ?? "";
      if (!version.startsWith("workspace:") || needed.has(folder)) continue;
      needed.add(folder);
      add(manifestOf(folder).dependencies);
    }
  };
  add(manifest.dependencies);
  expect(needed.size).toBeGreaterThan(5);
  const copied = image.flatMap((line) => /^COPY --from=install \/app\/(\S+) /.exec(line)?.[1] ?? []);
  expect(copied).toEqual(expect.arrayContaining(["node_modules", "apps/server", "package.json"]));
  const isCopied = (folder: string) =>
    copied.some((path) => folder === path || folder.startsWith(`${path}/`));
  expect([...needed].filter((folder) => !isCopied(folder))).toEqual([]);
});

it("is healthy while the server is ready, and not when it is gone", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const line = image.find((entry) => entry.startsWith("HEALTHCHECK")) ?? "";
  const [, ...args] = JSON.parse(line.slice(line.indexOf("["))) as string[];
  const check = async () => {
    const env = { ...process.env, PORT: new URL(server.url).port };
    const [code] = (await once(spawn(process.execPath, args, { env, stdio: "ignore" }), "exit")) as [number];
    return code;
  };
  expect(await check()).toBe(0);
  server.kill("SIGKILL");
  await server.ended;
  expect(await check()).toBe(1);
});
