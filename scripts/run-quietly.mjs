import { spawn } from "node:child_process";
import { isWindows, root } from "./checkout.mjs";

/**
 * Runs a program and shows what it printed only if it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @throws {Error} With the program's output.
 */
export function runQuietly(command, args, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    // npm and npx are scripts on Windows, which only a shell can start.
    const child = spawn(command, args, { cwd, env, shell: isWindows, stdio: ["ignore", "pipe", "pipe"] });
    const output = [];
    child.stdout.on("data", (data) => output.push(data));
    child.stderr.on("data", (data) => output.push(data));
    child.on("error", (cause) => reject(new Error(`${command} could not be started: ${cause.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      reject(
        new Error(`${[command, ...args].join(" ")} ended with ${signal ?? code}:\n${Buffer.concat(output)}`),
      );
    });
  });
}
