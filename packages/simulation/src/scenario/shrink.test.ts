import { expect, it } from "vitest";
import { CALM } from "../world/climate.ts";
import type { Operation } from "./operation.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";

const deeds = ["create", "get", "send", "get", "get", "kill", "sweep", "complete", "get"] as const;
const scenario: Scenario = {
  climate: { ...CALM, "store-503": 3, "put-lost": 5, "call-lost": 1 },
  operations: deeds.map((deed, luck): Operation => ({ do: deed, luck, thenMs: 1, which: 1 })),
  servers: 2,
  honoursCopyCondition: true,
  timeZone: "UTC",
  sessionExpiresIn: 3600,
  uploadUrlExpiresIn: 3600,
  userBytes: null,
  userFiles: null,
  workspaceBytes: null,
  byHand: "nothing",
  backupAt: 0,
};

it("leaves the operations and the kinds of faults without which it does not fail", async () => {
  const small = await shrink(
    scenario,
    ({ climate, operations }) => {
      const done = operations.map((operation) => operation.do);
      const isThere = ["create", "kill", "complete"].every((deed) => done.includes(deed as Operation["do"]));
      return Promise.resolve(isThere && climate["put-lost"] > 0);
    },
    () => false,
  );
  expect(small.operations.map((operation) => operation.luck)).toEqual([0, 5, 7]);
  expect(Object.entries(small.climate).filter(([, chance]) => chance > 0)).toEqual([["put-lost", 5]]);
});

it("gives back what it was given when its time is over at once", async () => {
  const small = await shrink(
    scenario,
    () => Promise.resolve(true),
    () => true,
  );
  expect(small).toBe(scenario);
});
