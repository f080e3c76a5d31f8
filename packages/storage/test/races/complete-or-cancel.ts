import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { begin } from "../test-storage.ts";
import {
  type Arena,
  findMiscounts,
  inLanes,
  outcomeOf,
  pause,
  type RaceResult,
  sendParts,
  serverOf,
  Tally,
} from "./race.ts";

const SIZE = 5_000;
const COMPLETES_WITHIN_MS = 20;
/** Longer than a completion takes here, so that a cancel comes before, in the middle and after. */
const CANCELS_WITHIN_MS = 250;

/** Two completes against two cancels: exactly one side wins, everybody is told the same, and the store agrees. */
export async function raceCompleteAgainstCancel(
  arena: Arena,
  { rounds, lanes }: { rounds: number; lanes: number },
): Promise<RaceResult> {
  const { db, bucket } = arena;
  const tally = new Tally();
  const me = { userId: await seedUser(db) };
  const bytes = wavBytes(SIZE);
  const keys = new Map<string, boolean>();
  await inLanes(rounds, lanes, async (round) => {
    const method = round % 2 === 0 ? "multipart" : "put";
    const session = await begin({ storage: serverOf(arena, round), me }, { size: SIZE, method });
    const { sessionId, key } = session;
    await sendParts(session, bytes);
    const complete = (server: number) => serverOf(arena, server).uploads.complete(me, sessionId, {});
    const cancel = (server: number) => serverOf(arena, server).uploads.cancel(me, sessionId);
    const within = (mostMs: number, work: () => Promise<{ state: string }>) =>
      outcomeOf(tally, pause(mostMs).then(work));
    const [completes, cancels] = await Promise.all([
      Promise.all([
        within(COMPLETES_WITHIN_MS, () => complete(round)),
        within(COMPLETES_WITHIN_MS, () => complete(round + 1)),
      ]),
      Promise.all([
        within(CANCELS_WITHIN_MS, () => cancel(round + 1)),
        within(CANCELS_WITHIN_MS, () => cancel(round + 2)),
      ]),
    ]);
    // Whoever was told to come back does.
    const [lastComplete, lastCancel] = [
      await outcomeOf(tally, complete(round)),
      await outcomeOf(tally, cancel(round)),
    ];
    const isStored = lastComplete === "completed";
    tally.count(isStored ? "completed" : "cancelled");
    keys.set(key, isStored);
    const all = [...completes, lastComplete, ...cancels, lastCancel].join(" ");
    const allowed = isStored
      ? ["completed", "completing", "session_completed", "storage_unavailable"]
      : ["aborted", "aborting", "completing", "session_not_open", "session_aborted", "storage_unavailable"];
    tally.requires(
      [...completes, ...cancels, lastCancel].every((outcome) => allowed.includes(outcome)),
      () => `round ${round}, ${method}: ${all}`,
    );
  });
  await serverOf(arena, 0).sweep();
  for (const [key, isStored] of keys)
    tally.requires(
      (await bucket.has(key)) === isStored,
      () => `${key} is ${isStored ? "gone" : "left"} at the store`,
    );
  tally.wrongs.push(...(await findMiscounts(arena)));
  return tally.result(rounds, 4 * rounds);
}
