import { randomUUID } from "node:crypto";
import { seedProvider, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";

describe.each(SITES)("place, on $engine", ({ open }) => {
  it("names who stands in, gives a workspace a home and takes it away, and writes down who did", async () => {
    await using opened = await open();
    const { db, site } = opened;
    const primary = await seedProvider(db, { bucket: "primary" });
    const other = await seedProvider(db, { bucket: "other", isPrimary: false });
    const workspaceId = await seedWorkspace(db);
    const run = (...words: string[]) => runJson(["place", ...words], { site });

    expect(await run("stand-in", other)).toEqual({ id: other, standsIn: true });
    expect(
      await run("home", "--workspace", workspaceId, "--provider", other, "--while-down", "wait"),
    ).toEqual({
      workspaceId,
      home: { providerId: other, whileDown: "wait" },
    });
    expect(await run("list")).toMatchObject({
      places: [
        { providerId: primary, isPrimary: true, standsIn: false, health: "unknown", workspaces: 0 },
        { providerId: other, isPrimary: false, standsIn: true, health: "unknown", workspaces: 1 },
      ],
    });
    expect(await run("home", "--workspace", workspaceId, "--none")).toEqual({ workspaceId, home: null });
    expect(await run("stand-in", other, "--not")).toEqual({ id: other, standsIn: false });

    const { entries } = (await runJson(["audit"], { site })) as {
      entries: { action: string; change: unknown }[];
    };
    expect(entries.map(({ action }) => action)).toEqual(["setStandsIn", "setHome", "setHome", "setStandsIn"]);
    expect(entries[1]?.change).toEqual({ before: { providerId: other, whileDown: "wait" }, after: null });
  });

  it("begins a move, tells of it and cancels it", async () => {
    await using opened = await open();
    const { db, site } = opened;
    await seedProvider(db, { bucket: "primary" });
    const providerId = await seedProvider(db, { bucket: "other", isPrimary: false });
    const workspaceId = await seedWorkspace(db);
    const run = (...words: string[]) => runJson(["place", ...words], { site });
    const { moveId } = (await run("move", "--workspace", workspaceId, "--provider", providerId)) as {
      moveId: string;
    };
    const again = await runCommand(["place", "move", "--workspace", workspaceId, "--provider", providerId], {
      site,
    });
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("on their way already") });
    expect(await run("moves")).toMatchObject({
      moves: [{ id: moveId, workspaceId, providerId, state: "running", waiting: 0, moved: 0 }],
    });
    expect(await run("cancel", moveId)).toEqual({ moveId, state: "cancelled" });
    expect(await run("moves")).toMatchObject({ moves: [{ id: moveId, state: "cancelled" }] });
    expect((await runCommand(["place", "cancel", moveId], { site })).exitCode).not.toBe(0);
    const { entries } = (await runJson(["audit"], { site })) as {
      entries: { action: string; outcome: string }[];
    };
    expect(entries.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      "cancelMove move_not_found",
      "cancelMove done",
      "startMove move_running",
      "startMove done",
    ]);
  });

  it("adds rules for cold buckets, lists them and takes them away", async () => {
    await using opened = await open();
    const { db, site } = opened;
    await seedProvider(db, { bucket: "primary" });
    await sql`INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
      secret_access_key_encrypted, purpose) VALUES ('s3', 'https://c.example', 'c', 'c', 'k', 'env:', 'cold')`.execute(
      db,
    );
    const cold = await db
      .selectFrom("storage_providers")
      .select("id")
      .where("purpose", "=", "cold")
      .executeTakeFirstOrThrow();
    const run = (...words: string[]) => runJson(["archive", ...words], { site });
    const added = await run(
      "add",
      "--provider",
      cold.id,
      "--older-than",
      "90d",
      "--kind",
      "audio_file",
      "--least-size",
      "1MiB",
    );
    const { id } = added as { id: string };
    expect(await run("list")).toEqual({
      rules: [
        {
          id,
          providerId: cold.id,
          workspaceId: null,
          olderThanDays: 90,
          unusedForDays: 90,
          contentTypes: ["audio_file"],
          leastSize: 1024 ** 2,
          isActive: true,
        },
      ],
    });
    for (const words of [
      ["add", "--provider", cold.id],
      ["add", "--older-than", "90"],
      ["add", "--provider", cold.id, "--older-than", "0"],
      ["add", "--provider", cold.id, "--older-than", "1e3"],
      ["add", "--provider", cold.id, "--older-than", "9", "--kind", "music"],
    ])
      expect((await runCommand(["archive", ...words], { site })).exitCode, words.join(" ")).not.toBe(0);
    expect(await run("remove", id)).toEqual({ id, removed: true });
    expect((await runCommand(["archive", "remove", id], { site })).exitCode).not.toBe(0);
    expect(await run("list")).toEqual({ rules: [] });
  });

  it("refuses what makes no sense, and changes nothing", async () => {
    await using opened = await open();
    const { db, site } = opened;
    const id = await seedProvider(db);
    const workspaceId = await seedWorkspace(db);
    for (const words of [
      ["home"],
      ["home", "--workspace", workspaceId],
      ["home", "--workspace", workspaceId, "--provider", id, "--none"],
      ["home", "--workspace", workspaceId, "--provider", id, "--while-down", "never"],
      ["home", "--workspace", workspaceId, "--provider", randomUUID()],
      ["home", "--workspace", randomUUID(), "--provider", id],
      ["stand-in", randomUUID()],
      ["stand-in"],
    ])
      expect((await runCommand(["place", ...words], { site })).exitCode, words.join(" ")).not.toBe(0);
    expect(await db.selectFrom("storage_homes").selectAll().execute()).toEqual([]);
  });
});
