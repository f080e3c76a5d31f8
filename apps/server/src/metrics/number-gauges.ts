import { Gauge, type Registry } from "prom-client";
import { JOBS } from "../jobs/jobs.ts";
import { BETWEEN, type Numbers } from "./read-numbers.ts";

interface NumberGauge {
  /** As `read-numbers.ts` calls it. */
  measure: string;
  name: string;
  help: string;
  labels: readonly string[];
  /** Label values that are zero where the database has no row; any other that it has is shown as well. */
  zeros: readonly string[];
}

const one = (measure: string, name: string, help: string): NumberGauge => ({
  measure,
  name,
  help,
  labels: [],
  zeros: [],
});
const queues = JOBS.map((job) => job.name);
const moveKinds = ["move", "archive", "recall"];
const moveStates = ["pending", "copying", "failed"];
const jobStates = ["created", "retry", "active", "completed", "failed"];

/** What is the same on every server of a deployment: in queries, `max by` and not `sum`. */
const GAUGES: readonly NumberGauge[] = [
  {
    measure: "uploads",
    name: "audiotricks_uploads",
    help: "Upload sessions that are not over, by state.",
    labels: ["state"],
    zeros: ["creating", "active", "completing", "aborting"],
  },
  {
    measure: "stuck",
    name: "audiotricks_uploads_stuck",
    help: "Upload sessions that the sweep should have brought to an end ten minutes ago.",
    labels: ["reason"],
    zeros: ["expired", "completing", "aborting"],
  },
  {
    measure: "recent",
    name: "audiotricks_files_created_last_hour",
    help: "Files that were begun within the last hour, by the state that they are in now.",
    labels: ["state"],
    zeros: ["uploading", "stored", "failed", "deleting", "deleted"],
  },
  one("deleting", "audiotricks_files_deleting", "Files whose object is still to be deleted at the store."),
  one("stored_bytes", "audiotricks_stored_bytes", "Bytes of files that are stored, of all users together."),
  one("stored_files", "audiotricks_stored_files", "Files that are stored, of all users together."),
  one("reserved_bytes", "audiotricks_reserved_bytes", "Bytes that open upload sessions have reserved."),
  {
    measure: "outbox",
    name: "audiotricks_outbox_events",
    help: "Events that wait for their receiver, and those that were given up.",
    labels: ["state"],
    zeros: ["waiting", "dead"],
  },
  one("buckets_down", "audiotricks_buckets_down", "Buckets that do not answer."),
  one("outbox_age", "audiotricks_outbox_oldest_waiting_seconds", "Age of the oldest event that waits."),
  {
    measure: "checks",
    name: "audiotricks_file_checks",
    help: "Files that are still to be looked into, by what for.",
    labels: ["kind"],
    zeros: ["sound", "scan"],
  },
  {
    measure: "check_age",
    name: "audiotricks_file_check_oldest_waiting_seconds",
    help: "For how long the first of them has waited since it was stored.",
    labels: ["kind"],
    zeros: ["sound", "scan"],
  },
  {
    measure: "held_back",
    name: "audiotricks_files_held_back",
    help: "Files that nobody gets, by how far their scan is.",
    labels: ["scan"],
    zeros: ["held", "infected", "too_large"],
  },
  {
    measure: "jobs",
    name: "audiotricks_jobs",
    help: "Jobs of the last day, by queue and state.",
    labels: ["queue", "state"],
    zeros: queues.flatMap((queue) => jobStates.map((state) => queue + BETWEEN + state)),
  },
  {
    measure: "job_age",
    name: "audiotricks_job_oldest_waiting_seconds",
    help: "For how long the oldest job that is due has waited for a worker.",
    labels: ["queue"],
    zeros: queues,
  },
  {
    measure: "job_completed",
    name: "audiotricks_job_last_success_timestamp_seconds",
    help: "When a job of the queue last came to its end, in the last day.",
    labels: ["queue"],
    zeros: [],
  },
  {
    measure: "job_failed",
    name: "audiotricks_job_last_failure_timestamp_seconds",
    help: "When a job of the queue was last given up, in the last day.",
    labels: ["queue"],
    zeros: [],
  },
  {
    measure: "dump_age",
    name: "audiotricks_database_backup_age_seconds",
    help: "Since the newest backup of the database that is there was begun; absent where there is none.",
    labels: ["engine"],
    zeros: [],
  },
  one(
    "findings",
    "audiotricks_reconcile_findings",
    "Promised files that the last reconciliation found wrong.",
  ),
  one("backups", "audiotricks_backups", "Buckets whose files are copied to another one."),
  {
    measure: "backup_files",
    name: "audiotricks_backup_files",
    help: "Files that have no proved copy yet, by state.",
    labels: ["state"],
    zeros: ["pending", "copying", "failed"],
  },
  one("backup_bytes", "audiotricks_backup_waiting_bytes", "Bytes of files that have no proved copy yet."),
  one(
    "backup_age",
    "audiotricks_backup_recovery_point_age_seconds",
    "Every file that was stored longer ago has its copy, proved.",
  ),
  {
    measure: "exports",
    name: "audiotricks_exports",
    help: "Archives that are being made or wait for it, by state.",
    labels: ["state"],
    zeros: ["queued", "running"],
  },
  one(
    "export_age",
    "audiotricks_export_oldest_waiting_seconds",
    "For how long the first of them that is due has waited for a worker.",
  ),
  {
    measure: "moves",
    name: "audiotricks_file_moves",
    help: "Files on their way to another bucket, by why and how far they are.",
    labels: ["kind", "state"],
    zeros: moveKinds.flatMap((kind) => moveStates.map((state) => kind + BETWEEN + state)),
  },
  one(
    "expiry_held",
    "audiotricks_expiry_held",
    "1 while files are held back that have expired: a person is to answer.",
  ),
];

/** Read at each scrape; a gauge is absent while nobody can say what it is. */
export function addNumberGauges(registry: Registry, read: () => Promise<Numbers | undefined>): void {
  new Gauge({
    name: "audiotricks_database_up",
    help: "Whether the database told this server the numbers of this scrape.",
    registers: [registry],
    async collect() {
      this.set((await read()) === undefined ? 0 : 1);
    },
  });
  for (const { measure, name, help, labels, zeros } of GAUGES)
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      async collect() {
        const numbers = await read();
        this.reset();
        if (labels.length === 0) this.remove();
        if (numbers === undefined) return;
        const values = new Map(zeros.map((label) => [label, 0]));
        for (const [label, value] of numbers.get(measure) ?? []) values.set(label, value);
        for (const [label, value] of values) this.set(labelled(labels, label), value);
      },
    });
}

function labelled(labels: readonly string[], value: string): Record<string, string> {
  const values = value.split(BETWEEN);
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ""]));
}
