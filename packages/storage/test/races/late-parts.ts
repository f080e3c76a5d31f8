import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import type { Storage } from "../../src/index.ts";
import { begin, countUsage } from "../test-storage.ts";
import { type Arena, findMiscounts, pause, type RaceResult, sendParts, serverOf, Tally } from "./race.ts";

const SIZE = 5_000;
const SESSIONS = 20;
const MOST_MS = 800;

/**
 * Sessions whose time is up, swept by two servers while parts and PUTs of them arrive: whatever comes when, nothing is left at
 * the store after the next sweep, and what was reserved is given back once.
 *
 * @param sweeper A server that takes away at once what no session owns, as all do after some minutes.
 */
export async function raceSweepAgainstLateParts(
  arena: Arena,
  { rounds, sweeper }: { rounds: number; sweeper: Storage },
): Promise<RaceResult> {
  const { db, bucket } = arena;
  const tally = new Tally();
  const me = { userId: await seedUser(db) };
  const bytes = wavBytes(SIZE);
  for (let round = 0; round < rounds; round++) {
    const sessions = await Promise.all(
      Array.from({ length: SESSIONS }, (_, index) =>
        begin(
          { storage: serverOf(arena, index), me },
          { size: SIZE, method: index % 4 === 3 ? "put" : "multipart" },
        ),
      ),
    );
    const ids = sessions.map(({ sessionId }) => sessionId);
    await sql`UPDATE multipart_uploads SET expires_at = now() WHERE id IN (${sql.join(ids)})`.execute(db);
    const late = sessions.map(async (session) => {
      await pause(MOST_MS);
      // The store was too busy to begin it: signing would ask again.
      if (session.urls.length === 0) tally.count("not begun");
      for (const status of await sendParts(session, bytes)) tally.count(`store ${status}`);
    });
    await Promise.all([...late, sweeper.sweep(), pause(MOST_MS / 4).then(() => serverOf(arena, 1).sweep())]);
    await sweeper.sweep();
    const { rows } = await sql<{ status: string }>`
      SELECT DISTINCT status FROM multipart_uploads WHERE id IN (${sql.join(ids)})`.execute(db);
    const states = rows.map(({ status }) => status);
    // A PUT that came in time makes a file; a part that did does not.
    tally.requires(
      states.every((status) => ["aborted", "completed"].includes(status)),
      () => `round ${round}: sessions are ${states.join(", ")}`,
    );
    const left = await bucket.openUploads();
    tally.requires(left.length === 0, () => `round ${round}: uploads are left at ${left.join(", ")}`);
    const temporary = await bucket.keys("temp/");
    tally.requires(temporary.length === 0, () => `round ${round}: ${temporary.join(", ")} are left`);
  }
  const usage = await countUsage(db, me);
  tally.requires(usage?.reservedBytes === 0, () => `reserved are ${JSON.stringify(usage)}`);
  tally.wrongs.push(...(await findMiscounts(arena)));
  return tally.result(rounds, rounds * SESSIONS);
}
