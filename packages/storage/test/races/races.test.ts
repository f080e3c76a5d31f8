import { afterAll, beforeAll, expect, it } from "vitest";
import { openEmulator } from "../open-emulator.ts";
import { raceCompleteAgainstCancel } from "./complete-or-cancel.ts";
import { raceDeleteAgainstDownload } from "./delete-or-download.ts";
import { raceDuplicateCompletes } from "./duplicate-completes.ts";
import { raceSweepAgainstLateParts } from "./late-parts.ts";
import { type OpenArena, openArena } from "./open-arena.ts";
import { raceForQuota } from "./quota-edge.ts";

// A hundredth of `npm run races`.
let store: Awaited<ReturnType<typeof openEmulator>>;
let arena: OpenArena;
beforeAll(async () => {
  store = await openEmulator();
  arena = await openArena(store);
});
afterAll(async () => {
  await arena[Symbol.asyncDispose]();
  await store.close();
});

it("reserves not one byte over a limit, whoever starts at once", async () => {
  const { wrongs, outcomes } = await raceForQuota(arena, { rounds: 2, starts: 150 });
  expect(wrongs).toEqual([]);
  expect(Object.keys(outcomes).toSorted()).toEqual(["begun", "quota_exceeded"]);
});

it("makes one file of twenty completes", async () => {
  const { wrongs, outcomes } = await raceDuplicateCompletes(arena, { uploads: 8, times: 20, lanes: 4 });
  expect(wrongs).toEqual([]);
  expect(outcomes.completed).toBeGreaterThan(0);
});

it("lets either complete or cancel win, and tells everybody the same", async () => {
  expect((await raceCompleteAgainstCancel(arena, { rounds: 12, lanes: 4 })).wrongs).toEqual([]);
});

it("hands out whole bytes or none beside a delete, and none after it", async () => {
  expect((await raceDeleteAgainstDownload(arena, { rounds: 6, lanes: 3 })).wrongs).toEqual([]);
});

it("leaves nothing of a session that was swept while its parts arrived", async () => {
  expect((await raceSweepAgainstLateParts(arena, { rounds: 1, sweeper: arena.sweeper })).wrongs).toEqual([]);
});
