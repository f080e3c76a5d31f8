import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ACTOR, runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";

describe.each(SITES)("alerts on $engine", ({ open }) => {
  it("are listed and acknowledged, and their rules set, each written down", async () => {
    await using on = await open();
    const { db, site } = on;
    expect(await runCommand(["alerts", "list"], { site })).toMatchObject({
      exitCode: 0,
      stdout: "There is none.\n",
    });
    await sql`INSERT INTO alerts (kind, subject, value, threshold, message) VALUES
      ('egress', 'provider:' || gen_random_uuid(), 2, 1, 'too much'), ('budget', 'deployment', 2, 1, 'too dear')`.execute(
      db,
    );
    const listed = await runCommand(["alerts", "list", "--json"], { site });
    expect(listed.exitCode).toBe(2);
    const { alerts } = JSON.parse(listed.stdout) as { alerts: { id: string; state: string }[] };
    expect(alerts).toHaveLength(2);
    for (const { id } of [...alerts, ...alerts])
      expect(await runJson(["alerts", "ack", id.toUpperCase()], { site })).toMatchObject({
        id,
        state: "acknowledged",
        acknowledgedBy: `cli:${ACTOR}`,
      });
    expect(await runCommand(["alerts", "list", "--state", "open"], { site })).toMatchObject({ exitCode: 0 });
    const page = await runJson<{ nextCursor: string }>(["alerts", "list", "--limit", "1"], { site });
    expect(await runJson(["alerts", "list", "--cursor", page.nextCursor], { site })).toMatchObject({
      nextCursor: null,
    });

    const set = ["alerts", "set", "--kind", "budget", "--threshold", "20000000", "--cooldown", "6h", "--on"];
    const rule = { kind: "budget", threshold: 20_000_000, cooldownSeconds: 21_600, isEnabled: true };
    expect(await runJson(set, { site })).toMatchObject(rule);
    expect(await runJson(["alerts", "set", "--kind", "budget", "--off"], { site })).toMatchObject({
      ...rule,
      isEnabled: false,
    });
    const { rules } = await runJson<{ rules: object[] }>(["alerts", "rules"], { site });
    expect(rules).toContainEqual(expect.objectContaining({ ...rule, isEnabled: false }));
    expect((await runCommand(["alerts", "rules"], { site })).stdout).toContain(
      "millionths of a dollar a month",
    );

    for (const words of [
      ["alerts"],
      ["alerts", "ack"],
      ["alerts", "ack", "x"],
      ["alerts", "list", "--state", "shut"],
      ["alerts", "set", "--threshold", "1"],
      ["alerts", "set", "--kind", "budget"],
      ["alerts", "set", "--kind", "budget", "--on", "--off"],
      ["alerts", "set", "--kind", "budget", "--threshold", "-1"],
      ["alerts", "set", "--kind", "budget", "--cooldown", "soon"],
    ])
      expect((await runCommand(words, { site })).exitCode, words.join(" ")).toBe(64);
    for (const [words, code] of [
      [["alerts", "ack", randomUUID()], "alert_not_found"],
      [["alerts", "set", "--kind", "comets", "--on"], "invalid_request"],
      [["alerts", "set", "--kind", "budget", "--cooldown", "9999d"], "invalid_request"],
    ] as const) {
      const refused = await runCommand([...words, "--json"], { site });
      expect(refused.exitCode).toBe(1);
      expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code } });
    }
    const { rows } =
      await sql`SELECT action, outcome, count(*)::integer AS times FROM storage_audit GROUP BY 1, 2 ORDER BY 1, 2`.execute(
        db,
      );
    expect(rows).toEqual([
      { action: "acknowledgeAlert", outcome: "alert_not_found", times: 1 },
      { action: "acknowledgeAlert", outcome: "done", times: 4 },
      { action: "setAlertRule", outcome: "done", times: 2 },
      { action: "setAlertRule", outcome: "invalid_request", times: 2 },
    ]);
  });
});
