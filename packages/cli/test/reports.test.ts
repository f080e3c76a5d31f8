import { randomUUID } from "node:crypto";
import { createStorage, openProviders, prepareBucket } from "@audiotricks/storage";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";
import { openEmulator, type TestStore } from "./stores.ts";

const MiB = 1024 ** 2;

describe.each(SITES)("usage and sessions on $engine", ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  it("tell what is so now and what was, of the right owner, as HTTP does", async () => {
    const spaces = { ...store, bucket: `cli-${randomUUID()}` };
    await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
    await using on = await open(spaces);
    const { db, site } = on;
    const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
    const [userId, other] = [await seedUser(db), await seedUser(db)];
    const workspaceId = await seedWorkspace(db, { members: { [userId]: "member" } });
    const create = async (of: string, size: number, where: { workspaceId?: string } = {}) => {
      const file = {
        clientId: randomUUID(),
        name: "a.wav",
        size,
        type: "audio/wav",
        contentType: "audio_file",
        ...where,
      } as const;
      const [result] = await storage.uploads.create({ userId: of }, [file]);
      return result !== undefined && "session" in result ? result.session.sessionId : undefined;
    };
    const [mine, shared] = [await create(userId, MiB), await create(userId, 2 * MiB, { workspaceId })];
    await create(other, 7 * MiB);
    const json = <Result>(...words: string[]) => runJson<Result>(words, { site });

    const all = await json<{ usage: { scope: string; id: string; reservedBytes: number }[] }>("usage");
    expect(all.usage.map(({ id, reservedBytes }) => [id, reservedBytes])).toEqual([
      [other, 7 * MiB],
      [userId, 3 * MiB],
      [workspaceId, 2 * MiB],
    ]);
    type Sessions = { sessions: { sessionId: string }[] };
    const idsOf = ({ sessions }: Sessions) => sessions.map(({ sessionId }) => sessionId);
    expect(idsOf(await json<Sessions>("sessions", "--user", userId))).toEqual([shared, mine]);
    expect(idsOf(await json<Sessions>("sessions", "--workspace", workspaceId.toUpperCase()))).toEqual([
      shared,
    ]);
    expect(idsOf(await json<Sessions>("sessions", "--provider", randomUUID()))).toEqual([]);

    // Two months ago: two counts of one month, of which the last is what it ended with.
    await sql`INSERT INTO storage_usage_days (user_id, day, used_bytes, used_files, counted_at) VALUES
      (${userId}, '2026-01-10', 500, 5, '2026-01-10T23:00Z'), (${userId}, '2026-01-20', 300, 3, '2026-01-20T23:00Z')`.execute(
      db,
    );
    const history = ["usage", "--user", userId, "--period", "month"];
    expect(await json(...history)).toEqual(
      await storage.usage({ userId }, { period: "month", limit: 50 }).then((told) => ({
        ...told,
        entries: told.entries.map((entry) => ({ ...entry, countedAt: expect.any(String) })),
      })),
    );
    const page = await json<{ entries: object[]; nextCursor: string }>(...history, "--limit", "1");
    expect(page.entries).toHaveLength(1);
    expect(await json(...history, "--before", page.nextCursor)).toMatchObject({
      scope: "user",
      id: userId,
      entries: [
        { startsOn: "2026-01-01", endsOn: "2026-01-31", usedBytes: 300, peakBytes: 500, usedFiles: 3 },
      ],
      nextCursor: null,
    });
    const text = await runCommand([...history, "--limit", "1"], { site });
    expect(text.stdout).toMatch(
      new RegExp(`^FROM +TO .*\n.*\n\nThere are older ones: --before ${page.nextCursor}\n$`),
    );
    expect(
      (await runCommand(["usage", "--workspace", randomUUID(), "--period", "day"], { site })).stdout,
    ).toBe("Nothing was counted.\n");
    for (const words of [
      ["usage", "--period", "month"],
      [...history.slice(0, 3), "--period", "decade"],
      [...history, "--before", "yesterday"],
      [...history, "--before", "0000-01-01"],
      ["usage", "--before", "2026-01-01"],
      ["sessions", "--workspace", "x"],
    ])
      expect((await runCommand(words, { site })).exitCode, words.join(" ")).toBe(64);
    await storage.close();
  });
});
