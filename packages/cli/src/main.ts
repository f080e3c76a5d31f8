#!/usr/bin/env node
import { runCli } from "./run-cli.ts";

// Once each: a second wish ends the process where it stands.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => interrupted.abort());

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  stdin: process.stdin,
  write: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
  interrupted: interrupted.signal,
});
