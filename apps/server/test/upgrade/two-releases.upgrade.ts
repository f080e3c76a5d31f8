import { setTimeout as delay } from "node:timers/promises";
import { pendingMigrations } from "@audiotricks/migrations";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { expect, it, vi } from "vitest";
import type { Requests } from "./ask-any.ts";
import { findTruth } from "./find-truth.ts";
import { faultsOf, jobsDoneBy, sendJob, stateOfJob } from "./jobs-of.ts";
import { beginUpload, finishUpload, type Person, readFile, type Unfinished, workUntil } from "./person.ts";
import {
  openTwoReleases,
  type Release,
  type ReleaseServer,
  type TwoReleases,
  tokenOf,
} from "./two-releases.ts";

// Starts five servers one after another, on a machine that others share.
vi.setConfig({ testTimeout: 240_000 });

const PEOPLE = 4;
const MiB = 1024 * 1024;
/** Of a queue that both releases know, and that nothing else asks for meanwhile. */
const QUIET_JOB = "keep-operations";

it("uploads go on while servers of the release before are replaced by this one's, and back; nothing is lost", async () => {
  await using site = await openTwoReleases();
  const { db, pool } = site.database;
  const first = await site.start("previous");
  const requests: Requests = { answers: [], cutOff: [] };
  const people = await openPeople(site, requests);
  const [owner] = people;
  if (owner === undefined) throw new Error("Nobody is there.");

  const stop = new AbortController();
  const work = Promise.all(people.map((person) => workUntil(stop.signal, person)));
  // Told at the end; meanwhile nobody listens.
  work.catch(() => undefined);
  await answersOf(requests, "previous", 30);
  const before = [
    await begin(owner, "multipart", 11 * MiB),
    await begin(owner, "put"),
    await begin(owner, "multipart"),
  ];
  expect(await pendingMigrations(db)).not.toEqual([]);

  // Its first deed is to migrate, under those who upload.
  const second = await site.start("present");
  expect(await pendingMigrations(db)).toEqual([]);
  await answersOf(requests, "present", 30);
  await finishUpload(owner, before[0] as Unfinished);
  await bothDoJobs(site, first, second);

  // A payload of a release that is still to come is nobody's.
  await sendJob(pool, QUIET_JOB, { version: 2, retryDelay: 3600 });
  await expect.poll(() => stateOfJob(db, 2), { timeout: 30_000, interval: 200 }).toBe("retry");

  await finishUpload(owner, before[1] as Unfinished);
  const between = await begin(owner, "multipart");
  await site.stop(first);
  await answersOf(requests, "present", 30);
  for (const session of [before[2] as Unfinished, between]) await finishUpload(owner, session);

  if (process.env.PREVIOUS_RELEASE_STARTS_AGAIN === "true") {
    const forth = await begin(owner, "multipart");
    await site.start("previous");
    await site.stop(second);
    await answersOf(requests, "previous", 30);
    await finishUpload(owner, forth);
    await site.start("present");
  } else {
    // The day it is no longer so, scripts/previous-release.json has to say it.
    expect(await site.refusedStart("previous")).toContain("previously executed migration");
  }
  stop.abort();
  await work;

  expect(requests.cutOff).toEqual([]);
  expect(requests.answers.filter(({ status }) => status >= 400)).toEqual([]);
  for (const server of site.all) expect(faultsOf(server), server.release).toEqual([]);
  await eachFileIsThere(people);
  await eachEventArrived(site, people);
  const truth = await findTruth(db, people, site.env);
  expect(truth).toMatchObject({ findings: [], mismatches: [], mendedTotals: 0, open: 0 });
  for (const { usedBytes, keptBytes, usedFiles, keptFiles, reservedBytes } of truth.usage)
    expect({ usedBytes, usedFiles, reservedBytes }).toEqual({
      usedBytes: keptBytes,
      usedFiles: keptFiles,
      reservedBytes: 0,
    });
  tell(site, requests, people);
});

async function openPeople(site: TwoReleases, requests: Requests): Promise<Person[]> {
  const { db } = site.database;
  const users: string[] = [];
  for (let index = 0; index < PEOPLE; index++) users.push(await seedUser(db, { name: `Person ${index}` }));
  const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
  const workspaceId = await seedWorkspace(db, { members });
  return Promise.all(
    users.map(async (userId) => ({
      userId,
      token: await tokenOf(userId),
      workspaceId,
      servers: site.running,
      requests,
      kept: new Map(),
      stored: new Set<string>(),
      deleted: new Set<string>(),
    })),
  );
}

function begin(person: Person, method: "put" | "multipart", size = 90_000): Promise<Unfinished> {
  return beginUpload(person, { size, method });
}

/** Waits for so many more of this release. */
async function answersOf(requests: Requests, release: Release, more: number): Promise<void> {
  const count = () => requests.answers.filter((answer) => answer.release === release).length;
  const wanted = count() + more;
  await expect.poll(count, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(wanted);
}

/** Which worker takes one is chance: asks until both have. */
async function bothDoJobs({ database }: TwoReleases, ...servers: ReleaseServer[]): Promise<void> {
  const since = servers.map((server) => server.output().length);
  const haveAll = () => servers.every((server, index) => jobsDoneBy(server, since[index]).length > 0);
  for (const deadline = Date.now() + 60_000; !haveAll(); await delay(500)) {
    if (Date.now() > deadline) throw new Error("One of the two releases has done no job.");
    for (const name of ["sweep", "recount-usage", "reconcile"])
      await sendJob(database.pool, name, { version: 1 });
  }
}

async function eachFileIsThere(people: readonly Person[]): Promise<void> {
  for (const person of people) {
    expect(person.kept.size).toBeGreaterThan(3);
    for (const [id, { sha256 }] of person.kept) expect(await readFile(person, id), id).toBe(sha256);
  }
}

async function eachEventArrived({ receiver }: TwoReleases, people: readonly Person[]): Promise<void> {
  const idsOf = (type: string) =>
    [...receiver.events.values()]
      .flatMap((event) => (event.type === type && "file" in event.data ? [event.data.file.id] : []))
      .sort();
  const all = (of: (person: Person) => Iterable<string>) =>
    people.flatMap((person) => [...of(person)]).sort();
  await expect.poll(() => idsOf("file.deleted"), { timeout: 30_000 }).toEqual(all(({ deleted }) => deleted));
  await expect.poll(() => idsOf("file.stored"), { timeout: 30_000 }).toEqual(all(({ stored }) => stored));
  expect(receiver.strange).toEqual([]);
}

function tell({ all }: TwoReleases, { answers }: Requests, people: readonly Person[]): void {
  const count = (release: Release) => answers.filter((answer) => answer.release === release).length;
  const files = people.reduce((sum, { stored }) => sum + stored.size, 0);
  console.log(
    `${files} files; ${count("previous")} answers of the release before, ${count("present")} of this one; ${all.length} servers`,
  );
}
