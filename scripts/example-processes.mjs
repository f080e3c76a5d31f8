import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { isWindows } from "./checkout.mjs";

const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 10_000;

/** A port of loopback that nobody listens at. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Starts a server in a process group of its own, and waits until it answers.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, isReady: string }} options `isReady`: a URL that answers 200 by then.
 * @returns {Promise<{ stop(): Promise<void> }>} Safe to stop twice.
 * @throws {Error} With what it printed.
 */
export async function startProcess(command, args, { cwd, env, isReady }) {
  const child = spawn(command, args, { cwd, env, detached: !isWindows, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-20_000);
    });
  let isOver = false;
  const ended = new Promise((resolve) => {
    const end = (error) => {
      if (error instanceof Error) output += error.message;
      isOver = true;
      resolve();
    };
    child.once("error", end);
    child.once("exit", end);
  });
  const signal = (name) => {
    try {
      process.kill(isWindows ? child.pid : -child.pid, name);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  };
  const stop = async () => {
    if (child.pid === undefined) return;
    signal("SIGTERM");
    const timer = setTimeout(() => signal("SIGKILL"), END_WITHIN_MS);
    await ended;
    clearTimeout(timer);
    // Those that it started and did not end itself.
    signal("SIGKILL");
  };
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(isReady))) {
    if (!isOver && performance.now() < deadline) {
      await delay(100);
      continue;
    }
    await stop();
    throw new Error(`${command} ${isOver ? "ended" : "does not answer"}:\n${output}`);
  }
  return { stop };
}

async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
