import type { CreateExportRequest } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const DAY = 86_400_000;

describe("rows of what is over", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());

  const inDays = (on: TestStorage, days: number) =>
    on.openAnother({ now: () => new Date(Date.now() + days * DAY) });

  it("of exports stay while there is the archive, and for their days", async () => {
    await using on = await openTestStorage(store);
    const file = await upload(on, wavBytes(2000));
    const asked = { kind: "files", fileIds: [file.id], expiresIn: (365 * DAY) / 1000 } as CreateExportRequest;
    const kept = await on.storage.exports.create(on.me, asked);
    expect((await on.storage.exports.run()).failures).toEqual([]);
    const cancelled = await on.storage.exports.create(on.me, asked);
    await on.storage.exports.cancel(on.me, cancelled.id);
    // Its upload is ended, and its file with it.
    expect((await on.storage.sweep()).failures).toEqual([]);
    const waiting = await on.storage.exports.create(on.me, asked);
    const ids = async () =>
      (await on.db.selectFrom("storage_exports").select("id").execute()).map(({ id }) => id).toSorted();
    expect((await (await inDays(on, 89)).upkeep.keepOperations()).rowsDropped).toBe(0);
    expect(await ids()).toEqual([kept.id, cancelled.id, waiting.id].toSorted());
    const late = await inDays(on, 91);
    const runs = await Promise.all([
      late.upkeep.keepOperations(),
      (await inDays(on, 91)).upkeep.keepOperations(),
    ]);
    expect(runs.map(({ rowsDropped }) => rowsDropped).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(await ids()).toEqual([kept.id, waiting.id].toSorted());
    // The archive goes: so does what is known of it.
    await sql`UPDATE storage_settings SET exports_kept_days = 1`.execute(on.db);
    const archive = await on.db
      .selectFrom("storage_exports")
      .select("file_storage_id")
      .where("id", "=", kept.id)
      .executeTakeFirstOrThrow();
    await on.storage.files.delete(on.me, archive.file_storage_id);
    expect((await on.storage.upkeep.keepOperations()).rowsDropped).toBe(0);
    expect((await (await inDays(on, 2)).upkeep.keepOperations()).rowsDropped).toBe(1);
    expect(await ids()).toEqual([waiting.id]);
  });

  it("of bills stay for whole months, however many there are to drop", async () => {
    await using on = await openTestStorage(store);
    const { id } = await on.db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
    await sql`UPDATE storage_settings SET cost_days_kept_months = 2`.execute(on.db);
    const first = sql<Date>`(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '2 months')::date`;
    await sql`INSERT INTO storage_bytes_days SELECT ${first} - n, ${id}, gen_random_uuid(), 'files', 'standard', 1, 1
      FROM generate_series(0, 60) n, generate_series(1, 100) w`.execute(on.db);
    await sql`INSERT INTO storage_traffic_days SELECT ${first} - n, ${id}, NULL, 1, 1, 0 FROM generate_series(-1, 5) n`.execute(
      on.db,
    );
    expect((await on.storage.upkeep.keepOperations()).rowsDropped).toBe(6000 + 5);
    const left = await sql`SELECT
      (SELECT count(*)::int FROM storage_bytes_days) AS bytes, (SELECT min(day) = ${first} FROM storage_bytes_days) AS whole,
      (SELECT count(*)::int FROM storage_traffic_days) AS traffic`.execute(on.db);
    expect(left.rows).toEqual([{ bytes: 100, whole: true, traffic: 2 }]);
    expect((await on.storage.upkeep.keepOperations()).rowsDropped).toBe(0);
  });
});
