import { spawn } from "node:child_process";
import { isWindows, root } from "./checkout.mjs";

/**
 * Runs one step in a process group of its own, so that all of it can be ended.
 *
 * @param {string[]} command
 * @param {{ env: NodeJS.ProcessEnv, timeoutMs: number, signal: AbortSignal, echo: boolean }} options
 *   `echo`: print while it runs, rather than leave it to the caller.
 * @returns {Promise<{ succeeded: boolean, output: string }>}
 */
export function runStep([program, ...args], { env, timeoutMs, signal, echo }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env,
      detached: !isWindows,
      shell: isWindows,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = [];
    const keep = (data) => {
      output.push(data);
      if (echo) process.stdout.write(data);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);

    let remark = "";
    const stop = (why) => {
      remark = `\n${why}\n`;
      endGroup(child, "SIGTERM");
      // Long enough for servers to stop in good order, which removes what they made.
      setTimeout(() => endGroup(child, "SIGKILL"), 8000).unref();
    };
    const timer = setTimeout(() => stop(`Still running after ${timeoutMs / 1000} s: ended.`), timeoutMs);
    const onAbort = () => stop("Interrupted.");
    signal.addEventListener("abort", onAbort, { once: true });

    const settle = (succeeded) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      endGroup(child, "SIGKILL");
      resolve({ succeeded, output: Buffer.concat(output).toString() + remark });
    };
    child.on("error", (error) => {
      remark = `\n${program} could not be started: ${error.message}\n`;
      settle(false);
    });
    // Not "close": a process left behind may hold the pipes open.
    child.on("exit", (code) => setTimeout(() => settle(code === 0 && remark === ""), 50));
  });
}

function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
