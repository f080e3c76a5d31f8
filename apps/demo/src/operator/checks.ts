import type {
  ActivityResponse,
  AdminSessionsResponse,
  AdminUsageResponse,
  BackupsResponse,
  DatabaseBackupsResponse,
  JobsResponse,
  MovesResponse,
} from "@audiotricks/protocol/admin";
import type { ListAlertsResponse } from "@audiotricks/protocol/costs";
import type { Query } from "./ask-admin.ts";
import { age, count, counted, percent } from "./formats.ts";

/** `act`: something is broken, or will be. `look`: somebody should decide. `fine`: nothing to do. */
export type Level = "act" | "look" | "fine";

export interface Finding {
  level: Level;
  /** One sentence: what is so. */
  text: string;
  /** What to do about it. */
  todo?: string;
  /** The command that does it. */
  command?: string;
  /** Where more is told. */
  to?: string;
}

/** One question of the first look at everything, and how its answer is judged. */
export interface Check {
  title: string;
  /** Under `/v1/admin/`. */
  path: string;
  query: (now: Date) => Query;
  /** At least one finding; all of them `fine` where there is nothing to do. */
  judge: (answer: never, now: Date) => Finding[];
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Fewer than so many in trouble are no sign of anything. */
const FEW = 5;
/** Percent that may fail before somebody has to act, and before somebody should look. */
const FAILING = { act: 10, look: 2 };
/** Copies wait for a store that is away; a day is what alerts go by. */
const COPIES_LATE = { act: 24 * HOUR_MS, look: HOUR_MS };
/** It is made each night; two hours are for the making. */
const DATABASE_LATE_MS = 26 * HOUR_MS;
/** The sweep comes each half minute. */
const SWEEP_LATE_MS = 10 * MINUTE_MS;
const MOST = 3;

function since(iso: string, now: Date): number {
  return now.getTime() - Date.parse(iso);
}

function judgeAlerts({ alerts }: ListAlertsResponse): Finding[] {
  const to = "/operator/alerts?state=open";
  if (alerts.length === 0) return [{ level: "fine", text: "No alert is open.", to: "/operator/alerts" }];
  const told = alerts.slice(0, MOST).map(({ message }): Finding => ({ level: "act", text: message, to }));
  const more = alerts.length - told.length;
  return more === 0
    ? told
    : [...told, { level: "act", text: `${counted(more, "more alert is", "more alerts are")} open.`, to }];
}

function judgeOutcomes([one, many]: readonly [string, string], to: string) {
  return ({ entries }: ActivityResponse): Finding[] => {
    const total = { succeeded: 0, failed: 0 };
    for (const { succeeded, failed } of entries) {
      total.succeeded += succeeded;
      total.failed += failed;
    }
    const all = total.succeeded + total.failed;
    if (all === 0) return [{ level: "fine", text: `No ${many} in the last 24 hours.`, to }];
    const failed = (total.failed / all) * 100;
    const isMuch = total.failed >= FEW;
    const level: Level =
      isMuch && failed >= FAILING.act ? "act" : isMuch && failed >= FAILING.look ? "look" : "fine";
    const text = `${percent(100 - failed)} of ${counted(all, one, many)} succeeded in the last 24 hours.`;
    return [
      level === "fine" ? { level, text, to } : { level, text, to, todo: "See when it began, and where." },
    ];
  };
}

function judgeStuck({ sessions, nextCursor }: AdminSessionsResponse): Finding[] {
  const to = "/operator/sessions?state=stuck";
  const ours = sessions.filter(({ stuck }) => stuck !== "silent").length;
  const silent = sessions.length - ours;
  const orMore = nextCursor === null ? "" : " or more";
  const findings: Finding[] = [];
  if (ours > 0)
    findings.push({
      level: "act",
      text: `Uploads that the server should have ended: ${count(ours)}${orMore}.`,
      todo: "See that a worker runs and that the store answers.",
      to,
    });
  if (silent > 0)
    findings.push({
      level: "fine",
      text: `Uploads that wait for their browsers: ${count(silent)}${orMore}.`,
      to,
    });
  return findings.length > 0 ? findings : [{ level: "fine", text: "No upload is stuck.", to }];
}

function judgeJobs({ queues }: JobsResponse, now: Date): Finding[] {
  const to = "/operator/jobs";
  if (queues.length === 0)
    return [{ level: "act", text: "No worker has ever run on this database.", todo: "Start one.", to }];
  const findings: Finding[] = [];
  const sweep = queues.find(({ name }) => name === "sweep");
  const last = sweep?.lastCompletedAt ?? null;
  if (last === null)
    findings.push({ level: "look", text: "No sweep has ended in the last day: one comes each minute.", to });
  else if (since(last, now) > SWEEP_LATE_MS)
    findings.push({
      level: "act",
      text: `The last sweep ended ${age(since(last, now))} ago.`,
      todo: "See that a worker runs: uploads are not ended without one.",
      to,
    });
  for (const { name, lastFailedAt, lastCompletedAt, lastError } of queues) {
    if (lastFailedAt === null || (lastCompletedAt !== null && lastCompletedAt > lastFailedAt)) continue;
    findings.push({ level: "act", text: `The job ${name} failed: ${lastError ?? "nobody knows why"}`, to });
  }
  return findings.length > 0
    ? findings
    : [{ level: "fine", text: `No job fails, of ${counted(queues.length, "kind", "kinds")}.`, to }];
}

function judgeCopies(
  { backups, withoutBackup, recoveryPoint, failures }: BackupsResponse,
  now: Date,
): Finding[] {
  const to = "/operator/backups";
  const findings = withoutBackup.map(
    ({ bucket, providerId }): Finding => ({
      level: "look",
      text: `Files of ${bucket} are nowhere else.`,
      todo: "Give it a bucket for copies:",
      command: `audiotricks-storage provider add --backup-of ${providerId}`,
      to,
    }),
  );
  for (const { bucket, backupBucket, isFilled, recoveryPoint: point } of backups) {
    if (!isFilled || point === null) {
      findings.push({
        level: "look",
        text: `${backupBucket} is still being filled with copies of ${bucket}.`,
        to,
      });
      continue;
    }
    const late = since(point, now);
    if (late <= COPIES_LATE.look) continue;
    findings.push({
      level: late > COPIES_LATE.act ? "act" : "look",
      text: `Files of ${bucket} that were stored ${age(late)} ago have no copy in ${backupBucket} yet.`,
      todo: failures.length > 0 ? "See why copies fail." : "See that a worker runs.",
      to,
    });
  }
  if (findings.length > 0) return findings;
  const text =
    recoveryPoint === null
      ? "There are no files to copy."
      : `Every file stored up to ${age(since(recoveryPoint, now))} ago has its copy.`;
  return [{ level: "fine", text, to }];
}

function judgeDatabase({ newestStoredAt, backups }: DatabaseBackupsResponse, now: Date): Finding[] {
  const to = "/operator/backups";
  const make = { todo: "Make one:", command: "audiotricks-storage backup database" };
  const [newest] = backups;
  const findings: Finding[] = [];
  if (newestStoredAt === null)
    findings.push({ level: "look", text: "There is no backup of the database.", ...make, to });
  else if (since(newestStoredAt, now) > DATABASE_LATE_MS)
    findings.push({
      level: "act",
      text: `The newest backup of the database is ${age(since(newestStoredAt, now))} old.`,
      ...make,
      to,
    });
  if (newest?.state === "failed")
    findings.push({
      level: "act",
      text: `The last backup of the database failed: ${newest.errorCode ?? "nobody knows why"}.`,
      to,
    });
  return findings.length > 0 || newestStoredAt === null
    ? findings
    : [{ level: "fine", text: `The database was backed up ${age(since(newestStoredAt, now))} ago.`, to }];
}

function judgeLimits({ workspaces }: AdminUsageResponse): Finding[] {
  const to = "/operator/workspaces";
  const named = (status: string) => workspaces.filter((one) => one.status === status);
  const [full, nearly] = [named("over_quota"), named("warning")];
  const words = (some: readonly { name: string }[]) =>
    some.length <= MOST
      ? some.map(({ name }) => name).join(", ")
      : counted(some.length, "workspace", "workspaces");
  const findings: Finding[] = [];
  const more = { todo: "Give them more, or ask them to delete:", command: "audiotricks-storage quota set" };
  if (full.length > 0)
    findings.push({ level: "look", text: `Full, and uploads are refused: ${words(full)}.`, ...more, to });
  if (nearly.length > 0)
    findings.push({ level: "look", text: `Nearly full: ${words(nearly)}.`, ...more, to });
  return findings.length > 0 ? findings : [{ level: "fine", text: "No workspace is near its limit.", to }];
}

function judgeMoves({ moves }: MovesResponse): Finding[] {
  const to = "/operator/moves";
  const running = moves.filter(({ state }) => state === "running");
  const failing = running.filter(({ failed }) => failed > 0);
  if (failing.length > 0)
    return failing.map(({ workspaceName, workspaceId, failed, bucket, errorMessage }) => ({
      level: "look",
      text: `${counted(failed, "file", "files")} of ${workspaceName ?? workspaceId} cannot be moved to ${bucket}: ${errorMessage ?? "nobody knows why"}`,
      to,
    }));
  const text =
    running.length === 0
      ? "No workspace is being moved."
      : `${counted(running.length, "workspace is on its", "workspaces are on their")} way.`;
  return [{ level: "fine", text, to }];
}

function check<Answer>(
  title: string,
  path: string,
  query: Query | ((now: Date) => Query),
  judge: (answer: Answer, now: Date) => Finding[],
): Check {
  return {
    title,
    path,
    query: typeof query === "function" ? query : () => query,
    judge: judge as Check["judge"],
  };
}

/** By the hour, so that the question is the same for as long. */
function lastDay(measure: string) {
  return (now: Date): Query => ({
    measure,
    by: "hour",
    from: new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS).toISOString(),
  });
}

const ACTIVITY = "/operator/activity";

/** What is looked at first, the gravest first. */
export const CHECKS: readonly Check[] = [
  check("Alerts", "alerts", { state: "open", limit: "50" }, judgeAlerts),
  check("Uploads", "activity", lastDay("uploads"), judgeOutcomes(["upload", "uploads"], ACTIVITY)),
  check(
    "Store",
    "activity",
    lastDay("calls"),
    judgeOutcomes(["call to the store", "calls to the store"], ACTIVITY),
  ),
  check("Jobs", "jobs", {}, judgeJobs),
  check("Stuck uploads", "sessions", { state: "stuck", limit: "100" }, judgeStuck),
  check("Copies of files", "backups", { count: "waiting" }, judgeCopies),
  check("Database backup", "database-backups", {}, judgeDatabase),
  check("Limits", "usage", { limit: "500" }, judgeLimits),
  check("Moves", "moves", {}, judgeMoves),
];
