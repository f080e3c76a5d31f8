import { ALERT_STATES } from "@audiotricks/protocol/costs";
import { acknowledgeAlert, listAlerts } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { readLimit } from "../read-scope.ts";
import { textTable } from "../text-table.ts";

export const alertsList: Command = {
  name: "alerts list",
  synopsis: "[--state open|acknowledged|cleared] [--cursor CURSOR] [--limit N]",
  summary:
    "What is or was beyond its threshold, the last raised first. Ends with 2 if some of those are open.",
  options: { state: { type: "string" }, cursor: { type: "string" }, limit: { type: "string" } },
  run: async ({ db }, words) => {
    const state = ALERT_STATES.find((known) => known === words.text("state"));
    if (state === undefined && words.text("state") !== undefined)
      throw new CliError("usage", `--state must be one of ${ALERT_STATES.join(", ")}.`);
    const { alerts, nextCursor } = await listAlerts(db, {
      state,
      cursor: words.text("cursor"),
      limit: readLimit(words, 50),
    });
    const rows = alerts.map((alert) => [
      alert.id,
      alert.state,
      alert.kind,
      alert.raisedAt,
      alert.acknowledgedBy ?? "",
      alert.message,
    ]);
    const head = ["ALERT", "STATE", "KIND", "RAISED", "SEEN BY", "WHAT"];
    const more = nextCursor === null ? [] : ["", `There are older ones: --cursor ${nextCursor}`];
    return {
      json: { alerts, nextCursor },
      text: rows.length === 0 ? "There is none." : [textTable(head, rows), ...more].join("\n"),
      exitCode: alerts.some((alert) => alert.state === "open") ? EXIT.look : EXIT.ok,
    };
  },
};

export const alertsAck: Command = {
  name: "alerts ack",
  synopsis: "ID",
  summary: "Says that somebody has seen an alert. Safe to repeat: whoever was first stays named.",
  options: {},
  takesId: true,
  changes: (words) => ({ action: "acknowledgeAlert", resourceId: words.id() }),
  run: async ({ db, by }, words) => {
    const alert = await acknowledgeAlert(db, words.id(), by.actor, by);
    const seen = alert.acknowledgedBy === null ? "was never seen" : `was seen by ${alert.acknowledgedBy}`;
    return { json: alert, text: `${alert.kind}, ${alert.subject}: ${alert.state}; it ${seen}.` };
  },
};
