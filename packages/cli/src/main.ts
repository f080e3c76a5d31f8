#!/usr/bin/env node
import { runCli } from "./run-cli.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  stdin: process.stdin,
  write: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
});
