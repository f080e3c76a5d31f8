import { ACCESS, type Access } from "../access/access-table.ts";
import type { Analytics, Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { listAdminSessions } from "./list-admin-sessions.ts";
import { listJobs } from "./list-jobs.ts";
import { listWorkspaceUsage } from "./list-workspace-usage.ts";
import { readActivity } from "./read-activity.ts";
import { readBackups, readDatabaseBackups } from "./read-backups.ts";
import { type Read, readAsOperator } from "./read-bounded.ts";
import { readDashboard } from "./read-dashboard.ts";
import { readGrowth } from "./read-growth.ts";
import { readArchive, readMoves } from "./read-moves.ts";
import { readUploadStory } from "./read-upload-story.ts";

export function createAnalytics(context: Pick<StorageContext, "db">): Analytics {
  const as = <Result>(principal: Principal, access: Access, read: Read<Result>) =>
    readAsOperator(context, principal, access, read);
  return {
    dashboard: (principal) => as(principal, ACCESS.readDashboard, readDashboard),
    usage: async (principal, query) => as(principal, ACCESS.readWorkspaceUsage, listWorkspaceUsage(query)),
    growth: async (principal, query) => as(principal, ACCESS.readGrowth, readGrowth(query)),
    activity: async (principal, query) => as(principal, ACCESS.readActivity, readActivity(query)),
    sessions: async (principal, query) => as(principal, ACCESS.listSessions, listAdminSessions(query)),
    jobs: (principal) => as(principal, ACCESS.listJobs, listJobs),
    backups: (principal, query) => as(principal, ACCESS.readBackups, readBackups(query)),
    databaseBackups: (principal) => as(principal, ACCESS.listDatabaseBackups, readDatabaseBackups),
    moves: (principal) => as(principal, ACCESS.listMoves, readMoves),
    archive: (principal) => as(principal, ACCESS.readArchive, readArchive),
    uploadStory: (principal, id) => as(principal, ACCESS.readUploadStory, readUploadStory(id)),
  };
}
