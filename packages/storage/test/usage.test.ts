import type { UploadError } from "@audiotricks/protocol";
import type { ListUsageQuery } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const ask = (query: Partial<ListUsageQuery>): ListUsageQuery => ({ period: "month", limit: 50, ...query });

describe.each(["postgres", "pglite"] as const)("usage by period (%s)", (database) => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());

  const write = async (
    on: TestStorage,
    user: string,
    days: Record<string, [bytes: number, files: number]>,
  ) => {
    for (const [day, [bytes, files]] of Object.entries(days))
      await sql`INSERT INTO storage_usage_days (user_id, day, used_bytes, used_files, limit_bytes, counted_at)
        VALUES (${user}, ${day}, ${bytes}, ${files}, 9000, (${day} || ' 03:00Z')::timestamptz)`.execute(
        on.db,
      );
  };

  it("is the last count of a period, with its peak; weeks begin on Monday", async () => {
    await using on = await openTestStorage(store, { database });
    await write(on, on.me.userId, {
      "2023-12-31": [100, 1],
      "2024-01-01": [500, 5],
      "2024-01-07": [200, 2],
      "2024-01-08": [300, 3],
      "2024-02-29": [400, 4],
    });
    const read = async (period: ListUsageQuery["period"]) =>
      (await on.storage.usage(on.me, ask({ period }))).entries.map(
        ({ startsOn, endsOn, usedBytes, peakBytes, usedFiles }) =>
          `${startsOn} ${endsOn} ${usedBytes}/${peakBytes} ${usedFiles}`,
      );
    expect(await read("day")).toEqual([
      "2024-02-29 2024-02-29 400/400 4",
      "2024-01-08 2024-01-08 300/300 3",
      "2024-01-07 2024-01-07 200/200 2",
      "2024-01-01 2024-01-01 500/500 5",
      "2023-12-31 2023-12-31 100/100 1",
    ]);
    expect(await read("week")).toEqual([
      "2024-02-26 2024-03-03 400/400 4",
      "2024-01-08 2024-01-14 300/300 3",
      "2024-01-01 2024-01-07 200/500 2",
      "2023-12-25 2023-12-31 100/100 1",
    ]);
    expect(await read("month")).toEqual([
      "2024-02-01 2024-02-29 400/400 4",
      "2024-01-01 2024-01-31 300/500 3",
      "2023-12-01 2023-12-31 100/100 1",
    ]);
    expect(await read("year")).toEqual([
      "2024-01-01 2024-12-31 400/500 4",
      "2023-01-01 2023-12-31 100/100 1",
    ]);
  });

  it("has the live numbers in the period that is not over, before and after a recount", async () => {
    await using on = await openTestStorage(store, { database });
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes, max_file_count)
      VALUES (${on.me.userId}, 5000, 7)`.execute(on.db);
    const large = await upload(on, wavBytes(1000));
    await upload(on, wavBytes(500));
    const today = async () => {
      const { entries } = await on.storage.usage(on.me, ask({ period: "day" }));
      expect(entries).toHaveLength(1);
      return entries[0];
    };
    expect(await today()).toMatchObject({ usedBytes: 1500, usedFiles: 2, limitBytes: 5000, limitFiles: 7 });
    await on.storage.upkeep.recountUsage();
    await on.storage.files.delete(on.me, large.id);
    expect(await today()).toMatchObject({ usedBytes: 500, usedFiles: 1, peakBytes: 1500, peakFiles: 2 });
    // Written anew by each recount, and not once more.
    await Promise.all([on.storage.upkeep.recountUsage(), on.storage.upkeep.recountUsage()]);
    const rows = await on.db.selectFrom("storage_usage_days").select(["used_bytes", "limit_bytes"]).execute();
    expect(rows).toEqual([{ used_bytes: 500, limit_bytes: 5000 }]);
  });

  it("is paged through, each period once, whatever the size of a page", async () => {
    await using on = await openTestStorage(store, { database });
    const days = Array.from({ length: 9 }, (_, index) => `2024-0${index + 1}-15`);
    await write(on, on.me.userId, Object.fromEntries(days.map((day, index) => [day, [index, 1]])));
    for (const limit of [1, 2, 4, 8, 9, 10]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await on.storage.usage(on.me, ask({ limit, ...(cursor === null ? {} : { cursor }) }));
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        seen.push(...page.entries.map(({ startsOn }) => startsOn));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(days.map((day) => day.replace("-15", "-01")).toReversed());
    }
  });

  it("is the caller's, or of a workspace that they are in, of all its members together", async () => {
    await using on = await openTestStorage(store, { database });
    const [viewer, stranger] = [{ userId: await seedUser(on.db) }, { userId: await seedUser(on.db) }];
    const workspaceId = await seedWorkspace(on.db, {
      members: { [on.me.userId]: "member", [viewer.userId]: "viewer" },
    });
    await upload(on, wavBytes(700), { workspaceId });
    await on.storage.upkeep.recountUsage();
    expect(await on.storage.usage(viewer, ask({ workspaceId }))).toMatchObject({
      scope: "workspace",
      id: workspaceId,
      entries: [{ usedBytes: 700, usedFiles: 1 }],
      nextCursor: null,
    });
    expect(await on.storage.usage(viewer, ask({}))).toEqual({
      scope: "user",
      id: viewer.userId,
      period: "month",
      entries: [],
      nextCursor: null,
    });
    for (const id of [workspaceId, crypto.randomUUID()])
      await expect(on.storage.usage(stranger, ask({ workspaceId: id }))).rejects.toMatchObject({
        code: "workspace_not_found",
      } satisfies Partial<UploadError>);
  });
});
