import { randomUUID } from "node:crypto";
import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";
import { SITES } from "./sites.ts";

/** Events that were given up, the last of them first. */
async function giveUp(db: Kysely<Database>, count: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO outbox_events (event_type, ordering_key, data, status, attempts, last_error, settled_at)
    SELECT 'file.stored', 'file:' || n, jsonb_build_object('n', n), 'dead', 12, 'http_500', now() - make_interval(mins => n)
    FROM generate_series(1, ${count}::integer) n RETURNING id`.execute(db);
  return rows.map(({ id }) => id);
}

describe.each(SITES)("dead-letters … on $engine", ({ open }) => {
  it("lists, sends again and drops what was given up, and nothing else", async () => {
    await using on = await open();
    const { db, site } = on;
    const run = async (...words: string[]) => {
      const { exitCode, stdout, stderr } = await runCommand(["dead-letters", ...words, "--json"], { site });
      return { exitCode, ...JSON.parse(exitCode === 64 || exitCode === 1 ? stderr : stdout) };
    };
    expect(await run("list")).toEqual({ exitCode: 0, deadLetters: [] });
    const [first = "", second = "", third = ""] = await giveUp(db, 3);
    const pending = randomUUID();
    await sql`INSERT INTO outbox_events (id, event_type, ordering_key, data, next_attempt_at)
      VALUES (${pending}, 'file.stored', 'file:p', '{}', now() + interval '1 hour')`.execute(db);

    expect(await run("list")).toMatchObject({
      exitCode: 2,
      deadLetters: [first, second, third].map((id, index) => ({ id, attempts: 12, data: { n: index + 1 } })),
    });
    const fewer = await runCommand(["dead-letters", "list", "--limit", "2"], { site });
    expect(fewer.stdout).toMatch(new RegExp(`${first} .* 12 +http_500\n${second}.*\n\nThere may be more`));

    // What is on its way is not the command's to take, and a repeat finds nothing left to do.
    const dropped = { exitCode: 2, asked: 2, done: 1 };
    expect(await run("drop", second.toUpperCase(), second, pending)).toEqual(dropped);
    expect(await run("drop", second)).toMatchObject({ exitCode: 2, done: 0 });
    const both = await Promise.all([run("retry", first), run("retry", first)]);
    expect(both.map(({ done }) => done).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(await run("drop", "--all")).toEqual({ exitCode: 0, asked: null, done: 1 });
    const left = await db.selectFrom("outbox_events").select(["id", "status"]).execute();
    expect(left.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(
      [first, pending].toSorted().map((id) => ({ id, status: "pending" })),
    );
  });

  it("takes nobody's silence for all, and no word that is no id", async () => {
    await using on = await open();
    const { db, site } = on;
    const [id = ""] = await giveUp(db, 1);
    for (const words of [
      ["retry"],
      ["drop"],
      ["drop", id, "--all"],
      ["drop", "all"],
      ["list", id],
      ["list", "--limit", "0"],
      [],
    ])
      expect(await runCommand(["dead-letters", ...words], { site }), words.join(" ")).toMatchObject({
        exitCode: 64,
        stdout: "",
      });
    const { rows } = await sql`SELECT 1 FROM outbox_events WHERE status = 'dead'`.execute(db);
    expect(rows).toHaveLength(1);
  });
});
