import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { newUpload } from "../test-storage.ts";
import { type Arena, findMiscounts, type RaceResult, serverOf, Tally } from "./race.ts";

const MEMBERS = 5;

/**
 * Starts of uploads of all sizes at once, of which about half fit: into a user's own limit, and in every second round
 * into that of a workspace which several users fill. Never one byte over, and nothing refused that would have fitted.
 */
export async function raceForQuota(
  arena: Arena,
  { rounds, starts }: { rounds: number; starts: number },
): Promise<RaceResult> {
  const { db } = arena;
  const tally = new Tally();
  for (let round = 0; round < rounds; round++) {
    const isShared = round % 2 === 1;
    const users = await Promise.all(Array.from({ length: isShared ? MEMBERS : 1 }, () => seedUser(db)));
    const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
    const workspaceId = isShared ? await seedWorkspace(db, { members }) : null;
    const scopeId = workspaceId ?? users[0] ?? "";
    const sizes = Array.from({ length: starts }, () => 1 + Math.floor(Math.random() * 1000));
    const limit = Math.floor(sizes.reduce((sum, size) => sum + size, 0) / 2);
    await sql`INSERT INTO storage_quotas (user_id, workspace_id, max_storage_bytes)
      VALUES (${workspaceId === null ? scopeId : null}, ${workspaceId}, ${limit})`.execute(db);

    const answers = await Promise.all(
      sizes.map(async (size, index) => {
        const me = { userId: users[index % users.length] ?? "" };
        const file = newUpload({ size, ...(workspaceId === null ? {} : { workspaceId }) });
        const [answer] = await serverOf(arena, index).uploads.create(me, [file]);
        return { size, code: answer !== undefined && "error" in answer ? answer.error.code : "begun" };
      }),
    );
    for (const { code } of answers) tally.count(code);
    const begun = answers.filter(({ code }) => code === "begun").reduce((sum, { size }) => sum + size, 0);
    const { rows } = await sql<{ taken: number }>`
      SELECT coalesce(sum(used_bytes + reserved_bytes), 0)::float8 AS taken FROM storage_counters
      WHERE scope = ${isShared ? "workspace" : "user"} AND scope_id = ${scopeId}`.execute(db);
    const taken = rows[0]?.taken ?? 0;
    tally.requires(taken <= limit, () => `round ${round}: ${taken} bytes of ${limit}`);
    tally.requires(taken === begun, () => `round ${round}: ${begun} bytes were begun, ${taken} are counted`);
    const refused = answers.filter(({ code }) => code === "quota_exceeded").map(({ size }) => size);
    tally.requires(
      Math.min(...refused) > limit - taken,
      () => `round ${round}: what would have fitted was refused`,
    );
  }
  tally.wrongs.push(...(await findMiscounts(arena)));
  return tally.result(rounds, rounds * starts);
}
