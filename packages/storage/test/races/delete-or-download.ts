import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { begin, countUsage } from "../test-storage.ts";
import {
  type Arena,
  fetchAgain,
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
const DELETES_WITHIN_MS = 20;
/** Longer than a delete takes here, so that a download comes before, in the middle and after. */
const DOWNLOADS_WITHIN_MS = 250;

/** Three deletes against five downloads: whole bytes or none, one fall of usage, and nothing after the delete was answered. */
export async function raceDeleteAgainstDownload(
  arena: Arena,
  { rounds, lanes }: { rounds: number; lanes: number },
): Promise<RaceResult> {
  const { db } = arena;
  const tally = new Tally();
  const me = { userId: await seedUser(db) };
  const bytes = wavBytes(SIZE);
  await inLanes(rounds, lanes, async (round) => {
    const storage = serverOf(arena, round);
    const session = await begin({ storage, me }, { size: SIZE });
    await sendParts(session, bytes);
    while ((await storage.uploads.complete(me, session.sessionId, {})).state !== "completed")
      await pause(500);
    const id = session.fileId;
    const remove = async (server: number) => {
      await pause(DELETES_WITHIN_MS);
      return outcomeOf(tally, serverOf(arena, server).files.delete(me, id));
    };
    const download = async (server: number): Promise<string> => {
      let url = "";
      const state = await outcomeOf(
        tally,
        serverOf(arena, server)
          .files.download(me, id, { disposition: "attachment" })
          .then((answer) => {
            ({ url } = answer);
            return { state: "signed" };
          }),
      );
      if (state !== "signed") return state;
      const answer = await fetchAgain(url);
      const body = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 200) return `store ${answer.status}`;
      return Buffer.compare(body, bytes) === 0 ? "whole" : "broken";
    };
    const [deletes, downloads] = await Promise.all([
      Promise.all([remove(round), remove(round + 1), remove(round + 2)]),
      Promise.all(
        Array.from({ length: 5 }, (_, server) => pause(DOWNLOADS_WITHIN_MS).then(() => download(server))),
      ),
    ]);
    for (const outcome of downloads) tally.count(outcome);
    tally.requires(
      downloads.every((outcome) => ["whole", "store 404", "file_not_found"].includes(outcome)),
      () => `round ${round}: downloads are ${downloads.join(" ")}`,
    );
    tally.requires(
      deletes.includes("deleted") && deletes.every((outcome) => ["deleted", "deleting"].includes(outcome)),
      () => `round ${round}: deletes are ${deletes.join(" ")}`,
    );
    const late = await download(round);
    tally.requires(late === "file_not_found", () => `round ${round}: ${late} after it was deleted`);
  });
  const usage = await countUsage(db, me);
  tally.requires(usage?.usedFiles === 0 && usage.usedBytes === 0, () => `left is ${JSON.stringify(usage)}`);
  tally.wrongs.push(...(await findMiscounts(arena)));
  return tally.result(rounds, 8 * rounds);
}
