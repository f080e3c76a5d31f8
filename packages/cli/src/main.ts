#!/usr/bin/env node
import { resolve } from "node:path";
import { readInput } from "./read-input.ts";
import { runCli } from "./run-cli.ts";
import { saveFile } from "./save-file.ts";
import { whoTypes } from "./who-types.ts";

// Once each: a second wish ends the process where it stands.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => interrupted.abort());

// Whoever reads no further, as head does, wants no more of it.
process.stdout.on("error", () => interrupted.abort());
process.stderr.on("error", () => interrupted.abort());

const [directory, { stdin, stdout, stderr }] = [process.cwd(), process];
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  actor: whoTypes(process.env),
  directory,
  isTyped: stdin.isTTY === true,
  read: (file) => readInput(file, { stdin, directory }),
  save: (file, bytes) => saveFile(resolve(directory, file), bytes),
  write: (text) => new Promise((resolve) => void stdout.write(text, () => resolve())),
  say: (text) => void stderr.write(text),
  now: () => new Date(),
  interrupted: interrupted.signal,
});
// Nobody waits for more of it.
stdin.destroy();
