import { storageEvent } from "@audiotricks/protocol/events";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { acknowledgeAlert, type Database, listAlertRules, setAlertRule } from "../src/index.ts";
import { GiB, openCosts as open, store } from "./open-costs.ts";

const list = { limit: 50 };

describe.each(["postgres", "pglite"] as const)("alerts (%s)", (engine) => {
  type On = Awaited<ReturnType<typeof open>>;
  /** Nothing but these is looked at. */
  const only = async ({ db }: On, rules: Record<string, { threshold: number; cooldownSeconds?: number }>) => {
    for (const { kind } of await listAlertRules(db)) await setAlertRule(db, kind, { isEnabled: false });
    for (const [kind, rule] of Object.entries(rules))
      await setAlertRule(db, kind, { ...rule, isEnabled: true });
  };
  const watch = async (on: On, time: string) => {
    const { raised, cleared, failures } = await on.at(time).upkeep.watchAlerts();
    expect(failures).toEqual([]);
    return { raised: raised.map(({ subject }) => subject), cleared: cleared.map(({ subject }) => subject) };
  };
  const open1 = async (db: Kysely<Database>) =>
    (
      await db
        .selectFrom("alerts")
        .select(["kind", "subject", "value"])
        .where("state", "<>", "cleared")
        .execute()
    ).map(({ kind, subject, value }) => `${kind} ${subject} ${value}`);
  const send = ({ db, providerId }: On, day: string, gib: number, workspaceId: string | null = null) =>
    sql`INSERT INTO storage_traffic_days VALUES (${day}, ${providerId}, ${workspaceId}, 1, ${gib * GiB}, 0)
      ON CONFLICT (day, storage_provider_id, workspace_id) DO UPDATE SET issued_bytes = excluded.issued_bytes`.execute(
      db,
    );

  it("tell of a backup that is behind, and of one that was never filled, until it has caught up", async () => {
    await using on = await open(engine);
    const { db, providerId } = on;
    await only(on, { backup_failing: { threshold: 24 } });
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
    expect(await watch(on, hours(48))).toEqual({ raised: [], cleared: [] });
    const { rows } = await sql<{ id: string }>`
      INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, purpose)
      VALUES ('s3', 'https://b.example', 'b', 'copies', 'k', 'env:', 'backup') RETURNING id`.execute(db);
    const backup = rows[0]?.id ?? "";
    await sql`INSERT INTO storage_backups (storage_provider_id, backup_provider_id) VALUES (${providerId}, ${backup})`.execute(
      db,
    );
    const subject = `provider:${backup}`;
    expect(await watch(on, hours(23))).toEqual({ raised: [], cleared: [] });
    expect(await watch(on, hours(26))).toEqual({ raised: [subject], cleared: [] });
    const told = await db
      .selectFrom("alerts")
      .select("message")
      .where("state", "=", "open")
      .executeTakeFirst();
    expect(told?.message).toContain("copies was never filled");
    await sql`UPDATE storage_backups SET filled_at = now()`.execute(db);
    expect(await watch(on, hours(1))).toEqual({ raised: [], cleared: [subject] });
  });

  it("are raised once, cleared when it is over, and not raised again before their time; each is an event", async () => {
    await using on = await open(engine);
    await only(on, { egress: { threshold: 10 * GiB, cooldownSeconds: 3600 } });
    const subject = `provider:${on.providerId}`;
    const nothing = { raised: [], cleared: [] };
    await send(on, "2026-11-05", 10);
    expect(await watch(on, "2026-11-05T10:00:00Z")).toEqual(nothing);
    await send(on, "2026-11-05", 11);
    expect(await watch(on, "2026-11-05T10:05:00Z")).toEqual({ raised: [subject], cleared: [] });
    await send(on, "2026-11-05", 12);
    expect(await watch(on, "2026-11-05T12:00:00Z")).toEqual(nothing);
    expect(await open1(on.db)).toEqual([`egress ${subject} ${12 * GiB}`]);
    await send(on, "2026-11-05", 9);
    expect(await watch(on, "2026-11-05T12:05:00Z")).toEqual({ raised: [], cleared: [subject] });
    await send(on, "2026-11-05", 11);
    expect(await watch(on, "2026-11-05T10:30:00Z")).toEqual(nothing);
    expect(await watch(on, "2026-11-05T12:10:00Z")).toEqual({ raised: [subject], cleared: [] });
    const { rows } = await sql<{
      type: string;
      version: number;
      sequence: number;
      data: unknown;
      key: string;
    }>`
      SELECT event_type AS type, event_version AS version, sequence::integer AS sequence, data, ordering_key AS key
      FROM outbox_events ORDER BY sequence`.execute(on.db);
    expect(rows.map(({ type }) => type)).toEqual(["alert.raised", "alert.cleared", "alert.raised"]);
    expect(new Set(rows.map(({ key }) => key))).toEqual(new Set([`alert:egress:${subject}`]));
    for (const { key: _key, ...event } of rows)
      expect(storageEvent.parse({ ...event, timestamp: "2026-11-05T10:00:00Z" })).toMatchObject({
        data: { kind: "egress", subject, threshold: 10 * GiB },
      });
    expect(rows[0]?.data).toMatchObject({ raisedAt: "2026-11-05T10:05:00.000Z", value: 11 * GiB });
  });

  it("are one, however many look at once", async () => {
    await using on = await open(engine);
    await only(on, { egress: { threshold: 1 } });
    await send(on, "2026-11-05", 1);
    const looks = await Promise.all([1, 2, 3, 4].map(() => watch(on, "2026-11-05T10:00:00Z")));
    expect(looks.flatMap(({ raised }) => raised)).toHaveLength(1);
    await send(on, "2026-11-05", 0);
    const again = await Promise.all([1, 2, 3, 4].map(() => watch(on, "2026-11-05T10:05:00Z")));
    expect(again.flatMap(({ cleared }) => cleared)).toHaveLength(1);
    expect(await on.db.selectFrom("outbox_events").select("id").execute()).toHaveLength(2);
  });

  it("are acknowledged by whoever is first, and are for operators alone", async () => {
    await using on = await open(engine);
    await only(on, { egress: { threshold: 1 } });
    await send(on, "2026-11-05", 1);
    await watch(on, "2026-11-05T10:00:00Z");
    const storage = on.at("2026-11-05T10:00:00Z");
    const { alerts } = await storage.alerts.list(on.operator, list);
    const id = alerts[0]?.id ?? "";
    expect(alerts).toMatchObject([
      { state: "open", acknowledgedBy: null, message: expect.stringContaining("1.0 GiB") },
    ]);
    const me = { userId: await seedUser(on.db) };
    for (const ask of [storage.alerts.list(me, list), storage.alerts.acknowledge(me, id)])
      await expect(ask).rejects.toMatchObject({ code: "forbidden" });
    const first = await storage.alerts.acknowledge(on.operator, id);
    expect(first).toMatchObject({ state: "acknowledged", acknowledgedBy: on.userId });
    expect(await acknowledgeAlert(on.db, id, "cli:alice@test")).toEqual(first);
    await expect(storage.alerts.acknowledge(on.operator, crypto.randomUUID())).rejects.toMatchObject({
      code: "alert_not_found",
    });
    // Still so, and nobody is told twice; when it is over, who had seen it stays.
    expect(await watch(on, "2026-11-05T11:00:00Z")).toEqual({ raised: [], cleared: [] });
    await send(on, "2026-11-05", 0);
    await watch(on, "2026-11-05T11:05:00Z");
    const over = await storage.alerts.list(on.operator, { ...list, state: "cleared" });
    expect(over.alerts).toMatchObject([
      { id, acknowledgedBy: on.userId, clearedAt: "2026-11-05T11:05:00.000Z" },
    ]);
    expect(await acknowledgeAlert(on.db, id, "cli:alice@test")).toEqual(over.alerts[0]);
    expect((await storage.alerts.list(on.operator, { ...list, state: "open" })).alerts).toEqual([]);
  });

  it("are paged through, each once", async () => {
    await using on = await open(engine);
    await sql`INSERT INTO alerts (kind, subject, value, threshold, message)
      SELECT 'egress', 'provider:' || gen_random_uuid(), 1, 1, 'm' FROM generate_series(1, 7)`.execute(on.db);
    const { alerts: asked } = on.at("2026-11-05T10:00:00Z");
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof asked.list>> = await asked.list(on.operator, {
        limit: 3,
        cursor,
      });
      seen.push(...page.alerts.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
    await expect(asked.list(on.operator, { limit: 3, cursor: "x" })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("of one kind go on where another cannot be looked at, and what is open stays so", async () => {
    await using on = await open(engine);
    await only(on, { egress: { threshold: 1 }, price_missing: { threshold: 0 } });
    await send(on, "2026-11-05", 1);
    await watch(on, "2026-11-05T10:00:00Z");
    await sql`ALTER TABLE storage_traffic_days RENAME COLUMN issued_bytes TO lost`.execute(on.db);
    const { failures } = await on.at("2026-11-05T10:05:00Z").upkeep.watchAlerts();
    expect(failures.map(({ id, code }) => [id, code])).toEqual([
      ["egress", "internal"],
      ["price_missing", "internal"],
    ]);
    expect(await open1(on.db)).toHaveLength(1);
  });

  it("end with their rule, and those of another release are left alone", async () => {
    await using on = await open(engine);
    await only(on, { egress: { threshold: 1 } });
    await sql`INSERT INTO alert_rules VALUES ('comets', 3, 60, true)`.execute(on.db);
    await sql`INSERT INTO alerts (kind, subject, value, threshold, message) VALUES ('comets', 'deployment', 4, 3, 'm')`.execute(
      on.db,
    );
    await send(on, "2026-11-05", 1);
    await watch(on, "2026-11-05T10:00:00Z");
    await setAlertRule(on.db, "egress", { isEnabled: false });
    expect((await watch(on, "2026-11-05T10:05:00Z")).cleared).toHaveLength(1);
    expect(await open1(on.db)).toEqual(["comets deployment 4"]);
    expect(await listAlertRules(on.db)).toContainEqual(
      expect.objectContaining({ kind: "comets", unit: null }),
    );
    for (const [kind, change] of [
      ["comets", { threshold: 1 }],
      ["toString", { threshold: 1 }],
      ["egress", { threshold: -1 }],
      ["egress", { threshold: 0.5 }],
      ["egress", { cooldownSeconds: -1 }],
      ["egress", { cooldownSeconds: 1e9 }],
    ] as const)
      await expect(setAlertRule(on.db, kind, change)).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("tell of a bucket that grows by more than so much in a day", async () => {
    await using on = await open(engine);
    await only(on, { growth: { threshold: 25 } });
    const hold = async (day: string, hours: number, gib: number) => {
      await sql`INSERT INTO storage_sample_hours (hour, finished_at)
        SELECT ${`${day}T00:00Z`}::timestamptz + n * interval '1 hour', now() FROM generate_series(0, ${hours}::integer - 1) n
        ON CONFLICT DO NOTHING`.execute(on.db);
      await sql`INSERT INTO storage_bytes_days AS d VALUES (${day}, ${on.providerId}, NULL, 'files', 'standard', ${gib * GiB * hours}, ${gib * GiB * hours})
        ON CONFLICT (day, storage_provider_id, workspace_id, kind, storage_class) DO UPDATE
        SET byte_hours = excluded.byte_hours, billed_byte_hours = excluded.billed_byte_hours`.execute(on.db);
    };
    await hold("2026-11-04", 24, 100);
    expect((await watch(on, "2026-11-05T05:00:00Z")).raised).toEqual([]);
    await hold("2026-11-05", 5, 125);
    expect((await watch(on, "2026-11-05T05:00:00Z")).raised).toEqual([]);
    await hold("2026-11-05", 5, 130);
    expect((await watch(on, "2026-11-05T05:00:00Z")).raised).toEqual([`provider:${on.providerId}`]);
    expect(await open1(on.db)).toEqual([`growth provider:${on.providerId} 30`]);
  });

  it("tell of use that is unusual for a user or a workspace: of what is stored, and of what is fetched", async () => {
    await using on = await open(engine);
    await only(on, { unusual_use: { threshold: 10 } });
    const today = "2026-11-20";
    const [usual, busy, quiet] = [await seedUser(on.db), await seedUser(on.db), await seedUser(on.db)];
    const workspaceId = await seedWorkspace(on.db);
    // All of them one GiB more each day; then 2, 12 and, with nothing before, 50.
    for (const [user, days, now] of [
      [usual, 10, 2],
      [busy, 10, 12],
      [quiet, 3, 50],
    ] as const) {
      await sql`INSERT INTO storage_usage_days (user_id, day, used_bytes, used_files)
        SELECT ${user}::uuid, ${today}::date - ${days}::integer + n, (n + 1) * ${GiB}::bigint, 1 FROM generate_series(0, ${days}::integer - 1) n`.execute(
        on.db,
      );
      await sql`INSERT INTO storage_counters (scope, scope_id, used_bytes, used_files, updated_at)
        VALUES ('user', ${user}, ${(days + now) * GiB}, 1, ${`${today}T10:00Z`}::timestamptz)`.execute(on.db);
    }
    for (let day = 10; day < 20; day++) await send(on, `2026-11-${day}`, 1.4, workspaceId);
    await send(on, today, 9, workspaceId);
    expect((await watch(on, `${today}T10:00:00Z`)).raised).toEqual([`user:${busy}`]);
    expect(await open1(on.db)).toEqual([`unusual_use user:${busy} 12`]);
    await send(on, today, 20, workspaceId);
    expect((await watch(on, `${today}T10:05:00Z`)).raised).toEqual([`workspace:${workspaceId}`]);
  });

  it("tell of limits that are nearly reached", async () => {
    await using on = await open(engine);
    await only(on, { quota_pressure: { threshold: 90 } });
    const other = await seedUser(on.db);
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes, max_file_count) VALUES
      (${on.userId}, 10000, NULL), (${other}, 10000, 100)`.execute(on.db);
    await store(on, { size: 9100 });
    await store({ ...on, userId: other }, { size: 8900 });
    expect((await watch(on, "2026-11-05T10:00:00Z")).raised).toEqual([`user:${on.userId}`]);
    expect(await open1(on.db)).toEqual([`quota_pressure user:${on.userId} 91`]);
    await only(on, { quota_pressure: { threshold: 50 } });
    expect((await watch(on, "2026-11-05T10:05:00Z")).raised).toEqual([`user:${other}`]);
  });

  it("tell of a month that will cost too much, and of a region without a price", async () => {
    await using on = await open(engine);
    await only(on, { budget: { threshold: 5_000_000 }, price_missing: { threshold: 0 } });
    expect((await watch(on, "2026-11-01T00:30:00Z")).raised).toEqual([]);
    const elsewhere = await seedProvider(on.db, {
      endpoint: "https://ric1.test",
      region: "ric1",
      isPrimary: false,
    });
    await store(on, { size: 1000 * GiB });
    await store(on, { size: 5000, providerId: elsewhere });
    // As much went out yesterday as every day; three days make a trend.
    await sql`INSERT INTO storage_sample_hours (hour, finished_at)
      SELECT h, h FROM generate_series('2026-10-28T00:00Z'::timestamptz, '2026-10-31T23:00Z', '1 hour') h`.execute(
      on.db,
    );
    await sql`INSERT INTO storage_bytes_days SELECT '2026-10-27'::date + n, ${on.providerId}, NULL, 'files', 'standard', b, b
      FROM generate_series(1, 4) n CROSS JOIN (SELECT 1000 * 1073741824::numeric * 24 AS b) s`.execute(on.db);
    await on.sample("2026-11-01T00:05:00Z");
    expect((await watch(on, "2026-11-01T00:30:00Z")).raised.toSorted()).toEqual(
      ["deployment", `provider:${elsewhere}`].toSorted(),
    );
    // $5 and 750 GiB × $0.02.
    expect((await open1(on.db)).toSorted()).toEqual(
      ["budget deployment 20000000", `price_missing provider:${elsewhere} 5000`].toSorted(),
    );
  });
});
