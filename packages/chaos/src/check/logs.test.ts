import { expect, it } from "vitest";
import { Ledger } from "../ledger.ts";
import { readLogLine } from "./logs.ts";

it("counts what servers say above information, as they write it, and finds wrong what they did not expect", () => {
  const ledger = new Ledger();
  for (const line of [
    '{"level":"info","msg":"request"}',
    '{"level":"debug","msg":"request"}',
    '{"level":"warn","msg":"lost a database connection","err":{"code":"57P01"}}',
    '{"level":"error","msg":"unexpected error","err":{"type":"TypeError","message":"of ours"}}',
    "not a line of the log",
  ])
    readLogLine(line, ledger);
  expect([...ledger.counts.keys()]).toEqual([
    "log: lost a database connection (57P01)",
    "log: unexpected error (of ours)",
  ]);
  expect(ledger.violations).toEqual([expect.stringContaining("TypeError  of ours")]);
});
