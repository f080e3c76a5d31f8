import { describe, expect, it } from "vitest";
import { CHECKS } from "./checks.ts";

const NOW = new Date("2026-11-30T15:30:00Z");
const ID = "0a1b2c3d-0000-4000-8000-00000000000f";
const before = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();

function judge(title: string, answer: object): string[] {
  const check = CHECKS.find((one) => one.title === title);
  if (check === undefined) throw new Error(`There is no check ${title}.`);
  return check.judge(answer as never, NOW).map(({ level, text }) => `${level}: ${text}`);
}
const outcomes = (succeeded: number, failed: number) => ({ entries: [{ succeeded, failed }] });
const queue = (change: object) => ({
  queues: [{ name: "sweep", lastCompletedAt: before(1), lastFailedAt: null, lastError: null, ...change }],
});
const copies = (change: object, more: object = {}) => ({
  recoveryPoint: before(3),
  withoutBackup: [],
  failures: [],
  backups: [{ bucket: "a", backupBucket: "b", isFilled: true, recoveryPoint: before(3), ...change }],
  ...more,
});

describe("the first look", () => {
  it.each([
    ["Alerts", { alerts: [] }, ["fine: No alert is open."]],
    [
      "Alerts",
      { alerts: ["1", "2", "3", "4", "5"].map((message) => ({ message })) },
      ["act: 1", "act: 2", "act: 3", "act: 2 more alerts are open."],
    ],
    [
      "Alerts",
      { alerts: ["1", "2", "3", "4"].map((message) => ({ message })) },
      ["act: 1", "act: 2", "act: 3", "act: 1 more alert is open."],
    ],
    ["Uploads", { entries: [] }, ["fine: No uploads in the last 24 hours."]],
    ["Uploads", outcomes(0, 4), ["fine: 0 % of 4 uploads succeeded in the last 24 hours."]],
    ["Uploads", outcomes(1, 0), ["fine: 100 % of 1 upload succeeded in the last 24 hours."]],
    ["Uploads", outcomes(9999, 1), ["fine: 99.9 % of 10,000 uploads succeeded in the last 24 hours."]],
    ["Uploads", outcomes(495, 5), ["fine: 99 % of 500 uploads succeeded in the last 24 hours."]],
    ["Uploads", outcomes(95, 5), ["look: 95 % of 100 uploads succeeded in the last 24 hours."]],
    ["Store", outcomes(80, 20), ["act: 80 % of 100 calls to the store succeeded in the last 24 hours."]],
    ["Stuck uploads", { sessions: [], nextCursor: null }, ["fine: No upload is stuck."]],
    [
      "Stuck uploads",
      { sessions: [{ stuck: "silent" }, { stuck: "expired" }, { stuck: "unfinished" }], nextCursor: null },
      [
        "act: Uploads that the server should have ended: 2.",
        "fine: Uploads that wait for their browsers: 1.",
      ],
    ],
    ["Jobs", { queues: [] }, ["act: No worker has ever run on this database."]],
    ["Jobs", queue({}), ["fine: No job fails, of 1 kind."]],
    ["Jobs", queue({ lastCompletedAt: before(11) }), ["act: The last sweep ended 11 minutes ago."]],
    [
      "Jobs",
      queue({ lastCompletedAt: null }),
      ["look: No sweep has ended in the last day: one comes each minute."],
    ],
    ["Jobs", queue({ lastFailedAt: before(0), lastError: "boom" }), ["act: The job sweep failed: boom"]],
    ["Jobs", queue({ lastFailedAt: before(2), lastError: "boom" }), ["fine: No job fails, of 1 kind."]],
    ["Copies of files", copies({}), ["fine: Every file stored up to 3 minutes ago has its copy."]],
    [
      "Copies of files",
      copies({ recoveryPoint: before(70) }),
      ["look: Files of a that were stored 70 minutes ago have no copy in b yet."],
    ],
    [
      "Copies of files",
      copies({ recoveryPoint: before(60 * 25) }),
      ["act: Files of a that were stored 25 hours ago have no copy in b yet."],
    ],
    [
      "Copies of files",
      copies({ isFilled: false, recoveryPoint: null }, { withoutBackup: [{ bucket: "c", providerId: ID }] }),
      ["look: Files of c are nowhere else.", "look: b is still being filled with copies of a."],
    ],
    ["Database backup", { newestStoredAt: null, backups: [] }, ["look: There is no backup of the database."]],
    [
      "Database backup",
      { newestStoredAt: before(60), backups: [{ state: "stored" }] },
      ["fine: The database was backed up 60 minutes ago."],
    ],
    [
      "Database backup",
      { newestStoredAt: before(60 * 27), backups: [{ state: "failed", errorCode: "dump_failed" }] },
      [
        "act: The newest backup of the database is 27 hours old.",
        "act: The last backup of the database failed: dump_failed.",
      ],
    ],
    [
      "Limits",
      {
        workspaces: [
          { name: "A", status: "over_quota" },
          { name: "B", status: "warning" },
          { name: "C", status: "high" },
        ],
      },
      ["look: Full, and uploads are refused: A.", "look: Nearly full: B."],
    ],
    ["Moves", { moves: [{ state: "done", failed: 3 }] }, ["fine: No workspace is being moved."]],
    ["Moves", { moves: [{ state: "running", failed: 0 }] }, ["fine: 1 workspace is on its way."]],
    [
      "Moves",
      {
        moves: [
          {
            state: "running",
            failed: 3,
            workspaceName: null,
            workspaceId: ID,
            bucket: "b",
            errorMessage: "no",
          },
        ],
      },
      [`look: 3 files of ${ID} cannot be moved to b: no`],
    ],
  ])("judges %s by %j", (title, answer, expected) => {
    expect(judge(title, answer)).toEqual(expected);
  });

  it("leads from whatever has to be done to where more is told", () => {
    for (const check of CHECKS) expect(check.path).not.toBe("");
    const failing = CHECKS.find(({ title }) => title === "Database backup");
    expect(failing?.judge({ newestStoredAt: null, backups: [] } as never, NOW)).toMatchObject([
      { to: "/operator/backups", command: "audiotricks-storage backup database" },
    ]);
  });
});
