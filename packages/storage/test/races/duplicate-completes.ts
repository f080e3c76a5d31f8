import { isDeepStrictEqual } from "node:util";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { begin } from "../test-storage.ts";
import {
  type Arena,
  findMiscounts,
  inLanes,
  pause,
  type RaceResult,
  sendParts,
  serverOf,
  Tally,
} from "./race.ts";

const SIZE = 5_000;

/** Many completes of each of many uploads at once, on different servers: one row each, one answer, one change of usage. */
export async function raceDuplicateCompletes(
  arena: Arena,
  { uploads, times, lanes }: { uploads: number; times: number; lanes: number },
): Promise<RaceResult> {
  const { db } = arena;
  const tally = new Tally();
  const me = { userId: await seedUser(db) };
  const bytes = wavBytes(SIZE);
  await sql`UPDATE storage_settings SET max_open_sessions = 100000`.execute(db);
  await inLanes(uploads, lanes, async (index) => {
    const isMultipart = index % 4 === 0;
    const session = await begin(
      { storage: serverOf(arena, index), me },
      {
        size: SIZE,
        method: isMultipart ? "multipart" : "put",
      },
    );
    await sendParts(session, bytes);
    const complete = (server: number) => serverOf(arena, server).uploads.complete(me, session.sessionId, {});
    const answers = await Promise.allSettled(Array.from({ length: times }, (_, server) => complete(server)));
    let last = await complete(index);
    for (; last.state === "completing"; last = await complete(index)) await pause(500);
    for (const answer of answers) {
      const isAnswer = answer.status === "fulfilled";
      tally.count(isAnswer ? answer.value.state : "refused");
      tally.requires(
        isAnswer && (answer.value.state === "completing" || isDeepStrictEqual(answer.value, last)),
        () => `upload ${index}: ${JSON.stringify(answer)}, and ${JSON.stringify(last)} at last`,
      );
    }
  });
  const { rows } = await sql<{ stored: number; used: number; audits: number; events: number }>`
    SELECT (SELECT count(*) FROM file_storage WHERE user_id = ${me.userId} AND status = 'stored')::integer AS stored,
      (SELECT coalesce(sum(used_files), 0) FROM storage_counters WHERE scope = 'user' AND scope_id = ${me.userId})::integer AS used,
      (SELECT count(*) FROM audit_logs WHERE user_id = ${me.userId} AND action = 'file_stored')::integer AS audits,
      (SELECT count(*) FROM outbox_events e JOIN file_storage f ON e.ordering_key = 'file:' || f.id
        WHERE e.event_type = 'file.stored' AND f.user_id = ${me.userId})::integer AS events`.execute(db);
  tally.requires(
    isDeepStrictEqual({ ...rows[0] }, { stored: uploads, used: uploads, audits: uploads, events: uploads }),
    () => `${uploads} uploads are ${JSON.stringify(rows[0])}`,
  );
  tally.wrongs.push(...(await findMiscounts(arena)));
  return tally.result(uploads, uploads * times);
}
