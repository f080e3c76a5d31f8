import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";

const PROGRAM = "/usr/sbin/clamd";
const START_TIMEOUT_MS = 60_000;

/** What every scanner calls harmful, and what harms nobody. In two pieces, so that this file is not called so itself. */
export const EICAR = Buffer.from(
  ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""),
);
/** Its name in the one signature that the test's clamd has. */
export const EICAR_NAME = "Test.Eicar.UNOFFICIAL";

export interface TestClamd extends AsyncDisposable {
  /** Its Unix socket. */
  path: string;
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/**
 * Debian's clamd, with one signature of our own and nothing from the network, on a Unix socket and a loopback port.
 *
 * @param options.streamMaxLength Bytes of a file that it takes.
 * @throws {Error} Says what to install where there is none.
 */
export async function startClamd(
  options: { streamMaxLength?: number; port?: number } = {},
): Promise<TestClamd> {
  const { streamMaxLength = 8 * 1024 ** 2, port = await freePort() } = options;
  if (!existsSync(PROGRAM))
    throw new Error("There is no clamd: apt-get install -y --no-install-recommends clamav-daemon");
  const folder = await mkdtemp(join(tmpdir(), "at-clamd-"));
  const path = join(folder, "clamd.sock");
  const signatures = join(folder, "signatures");
  await mkdir(signatures);
  await writeFile(join(signatures, "test.ndb"), `Test.Eicar:0:*:${EICAR.toString("hex")}\n`);
  const config = join(folder, "clamd.conf");
  await writeFile(
    config,
    [
      "Foreground yes",
      `LocalSocket ${path}`,
      `TCPSocket ${port}`,
      "TCPAddr 127.0.0.1",
      `DatabaseDirectory ${signatures}`,
      `TemporaryDirectory ${folder}`,
      `StreamMaxLength ${streamMaxLength}`,
      "MaxThreads 4",
      "",
    ].join("\n"),
  );
  const clamd = spawn(PROGRAM, ["--config-file", config], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [clamd.stdout, clamd.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-4000);
    });
  const ended = once(clamd, "exit");
  const endWithUs = () => clamd.kill("SIGKILL");
  process.once("exit", endWithUs);
  const stop = async () => {
    process.off("exit", endWithUs);
    // It may be at a file, and nothing of it is kept.
    clamd.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answersPing(path))) {
    if (clamd.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`clamd did not start: ${said}`);
    }
    await delay(50);
  }
  return { path, port, pid: clamd.pid ?? 0, stop, [Symbol.asyncDispose]: stop };
}

function answersPing(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => socket.write("zPING\0"));
    socket.on("data", () => socket.end());
    socket.on("error", () => resolve(false)).on("end", () => resolve(true));
  });
}
