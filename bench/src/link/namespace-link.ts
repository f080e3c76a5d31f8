import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Namespaces } from "./enter-namespaces.ts";
import type { Link, LinkProfile } from "./link.ts";

/** Bytes; what a queue holds at least. */
const SHORTEST_QUEUE = 64 * 1500;

interface Counts {
  up: { payloadBytes: number };
}

/** The wire whose other end we are in; see `runInNamespaces`. */
export async function namespaceLink(namespaces: Namespaces, browserPath: string): Promise<Link> {
  const { socket: path, client, congestionControl } = namespaces;
  const folder = await mkdtemp(join(tmpdir(), "at-browser-"));
  // Playwright puts its own switches first, which nsenter would take for its own.
  const launcher = join(folder, "chromium");
  await writeFile(launcher, `#!/bin/sh\nexec nsenter --net=${client} -- ${browserPath} "$@"\n`);
  await chmod(launcher, 0o700);
  const socket = createConnection(path);
  await once(socket, "connect");
  let isOn = false;
  return {
    description: `two network namespaces, the kernel's TCP (${congestionControl})`,
    async set(profile, seed = 0) {
      isOn = profile !== null;
      await ask(socket, profile === null ? {} : { ...toCarrier(profile), seed });
    },
    launchOptions: (options) => (isOn ? { ...options, executablePath: launcher } : options),
    sentBytes: async () => (isOn ? (await ask(socket, {})).up.payloadBytes : null),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The queue holds what the link carries in one round trip: what routers are commonly set to. */
function toCarrier({ bitsPerSecond, delayMs, loss }: LinkProfile) {
  const queueBytes = Math.max(SHORTEST_QUEUE, Math.round((bitsPerSecond / 8) * ((2 * delayMs) / 1000)));
  return { bitsPerSecond, delayMs, loss, queueBytes };
}

async function ask(socket: Socket, line: object): Promise<Counts> {
  const answer = once(socket, "data");
  socket.write(`${JSON.stringify(line)}\n`);
  const [bytes] = (await answer) as [Buffer];
  return JSON.parse(bytes.toString()) as Counts;
}
