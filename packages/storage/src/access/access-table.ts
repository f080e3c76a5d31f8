/** How far somebody reaches: nothing, what is their own, also what is shared with the workspace, or all there is. */
export type Reach = "none" | "own" | "shared" | "all";

/** In a workspace; a role that we do not know reaches as far as a viewer. */
export const WORKSPACE_ROLES = ["viewer", "member", "admin"] as const;
export type WorkspaceRole = (typeof WORKSPACE_ROLES)[number];

/** One thing that can be asked for over HTTP, and who may. */
export interface Access extends Record<WorkspaceRole, Reach> {
  /** As the OpenAPI document has it. */
  route: `${"GET" | "POST" | "PATCH" | "DELETE"} /${string}`;
  /** What it is about: of what is in no workspace, users reach their own, unless no role reaches anything. */
  about: "nothing" | "self" | "workspace" | "file" | "upload" | "token" | "audit" | "deployment";
  service: Reach;
  /** A user whom the host calls an operator; beside what they may as a user. */
  operator: Reach;
  /** Which rate it counts against: `read` in this process, `write` on the database, for all servers together. */
  rate: "none" | "read" | "write";
  /** What the audit log has of it: each one that went through, written before the answer; the same in batches; or refusals alone. */
  audit: "each" | "batched" | "refusals";
}

const nobody = { viewer: "none", member: "none", admin: "none", service: "none", operator: "none" } as const;
const myself = { ...nobody, viewer: "own", member: "own", admin: "own" } as const;
const readers = { ...nobody, viewer: "shared", member: "shared", admin: "all" } as const;
const insiders = { ...nobody, viewer: "all", member: "all", admin: "all" } as const;
const changers = { ...nobody, member: "own", admin: "all" } as const;
const uploaders = { ...nobody, member: "own", admin: "own" } as const;

const open = { ...nobody, about: "nothing", rate: "none", audit: "refusals" } as const;
const read = { rate: "read", audit: "refusals" } as const;
const write = { rate: "write", audit: "each" } as const;
/** A call for each few parts: what they lead to is in the log, and they are not. */
const sign = { rate: "write", audit: "refusals" } as const;

/**
 * Who may do what: the one table that routes, SQL and the documentation are made from. What is asked of the database starts from
 * a row of it (`tenantOf`).
 */
export const ACCESS = {
  checkHealth: { route: "GET /healthz", ...open },
  checkReady: { route: "GET /readyz", ...open },
  describeApi: { route: "GET /openapi.json", ...open },

  readConfig: { route: "GET /v1/config", about: "self", ...myself, ...read },
  readQuota: { route: "GET /v1/quota", about: "workspace", ...insiders, ...read },
  readEvents: { route: "GET /v1/events", about: "workspace", ...insiders, ...read },
  readUsage: { route: "GET /v1/usage", about: "workspace", ...insiders, ...read },

  createUploads: { route: "POST /v1/uploads", about: "upload", ...uploaders, ...write },
  listUploads: { route: "GET /v1/uploads", about: "upload", ...uploaders, ...read },
  getUpload: { route: "GET /v1/uploads/{id}", about: "upload", ...uploaders, service: "own", ...read },
  signParts: {
    route: "POST /v1/uploads/{id}/parts/sign",
    about: "upload",
    ...uploaders,
    service: "own",
    ...sign,
  },
  completeUploads: { route: "POST /v1/uploads/complete", about: "upload", ...uploaders, ...write },
  completeUpload: {
    route: "POST /v1/uploads/{id}/complete",
    about: "upload",
    ...uploaders,
    service: "own",
    ...write,
  },
  cancelUpload: { route: "DELETE /v1/uploads/{id}", about: "upload", ...uploaders, service: "own", ...write },

  listFiles: { route: "GET /v1/files", about: "file", ...readers, ...read },
  /** A question, with more in it than fits into an address. */
  matchFiles: { route: "POST /v1/files/match", about: "file", ...readers, ...read },
  getFile: { route: "GET /v1/files/{id}", about: "file", ...readers, service: "all", ...read },
  updateFile: { route: "PATCH /v1/files/{id}", about: "file", ...changers, ...write },
  recallFile: { route: "POST /v1/files/{id}/recall", about: "file", ...readers, ...write },
  deleteFile: { route: "DELETE /v1/files/{id}", about: "file", ...changers, ...write },
  downloadFile: {
    route: "POST /v1/files/{id}/download",
    about: "file",
    ...readers,
    service: "all",
    rate: "read",
    audit: "batched",
  },
  readContent: {
    route: "GET /v1/files/{id}/content",
    about: "file",
    ...readers,
    rate: "read",
    audit: "batched",
  },
  readWaveform: { route: "GET /v1/files/{id}/waveform", about: "file", ...readers, ...read },
  keepWaveform: { route: "POST /v1/files/{id}/waveform", about: "file", ...uploaders, ...write },
  changeGroup: { route: "PATCH /v1/groups/{id}", about: "file", ...uploaders, ...write },
  dropGroup: { route: "DELETE /v1/groups/{id}", about: "file", ...uploaders, ...write },
  deriveFile: { route: "POST /v1/files/{id}/derived", about: "file", ...nobody, service: "all", ...write },

  createExport: { route: "POST /v1/exports", about: "file", ...readers, ...write },
  listExports: { route: "GET /v1/exports", about: "self", ...myself, ...read },
  getExport: { route: "GET /v1/exports/{id}", about: "self", ...myself, ...read },
  cancelExport: { route: "DELETE /v1/exports/{id}", about: "self", ...myself, ...write },
  downloadExport: {
    route: "POST /v1/exports/{id}/download",
    about: "self",
    ...myself,
    rate: "read",
    audit: "batched",
  },

  createShare: { route: "POST /v1/files/{id}/shares", about: "file", ...changers, ...write },
  listShares: { route: "GET /v1/files/{id}/shares", about: "file", ...changers, ...read },
  endShares: { route: "DELETE /v1/files/{id}/shares", about: "file", ...changers, ...write },
  revokeShare: { route: "DELETE /v1/files/{id}/shares/{shareId}", about: "file", ...changers, ...write },
  /** The link says who may; it counts against the address that follows it, which is all that the audit log can say of who it was. */
  openShare: { route: "GET /s/{token}", ...open, rate: "read", audit: "batched" },

  issueS3Token: { route: "POST /v1/s3-tokens", about: "token", ...uploaders, ...write },
  revokeS3Token: { route: "DELETE /v1/s3-tokens/{token}", about: "self", ...myself, ...write },
  s3Params: { route: "GET /s3/params", about: "upload", ...uploaders, ...write },
  s3Create: { route: "POST /s3/multipart", about: "upload", ...uploaders, ...write },
  s3ListParts: { route: "GET /s3/multipart/{uploadId}", about: "upload", ...uploaders, ...read },
  s3SignBatch: { route: "GET /s3/multipart/{uploadId}/batch", about: "upload", ...uploaders, ...sign },
  s3SignPart: { route: "GET /s3/multipart/{uploadId}/{partNumber}", about: "upload", ...uploaders, ...sign },
  s3Complete: { route: "POST /s3/multipart/{uploadId}/complete", about: "upload", ...uploaders, ...write },
  s3Abort: { route: "DELETE /s3/multipart/{uploadId}", about: "upload", ...uploaders, ...write },

  readDashboard: {
    route: "GET /v1/admin/dashboard",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  readWorkspaceUsage: {
    route: "GET /v1/admin/usage",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  readGrowth: { route: "GET /v1/admin/growth", about: "deployment", ...nobody, operator: "all", ...read },
  readActivity: { route: "GET /v1/admin/activity", about: "deployment", ...nobody, operator: "all", ...read },
  listSessions: { route: "GET /v1/admin/sessions", about: "deployment", ...nobody, operator: "all", ...read },
  listJobs: { route: "GET /v1/admin/jobs", about: "deployment", ...nobody, operator: "all", ...read },
  readBackups: { route: "GET /v1/admin/backups", about: "deployment", ...nobody, operator: "all", ...read },
  listDatabaseBackups: {
    route: "GET /v1/admin/database-backups",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  listMoves: { route: "GET /v1/admin/moves", about: "deployment", ...nobody, operator: "all", ...read },
  readArchive: { route: "GET /v1/admin/archive", about: "deployment", ...nobody, operator: "all", ...read },
  readUploadStory: {
    route: "GET /v1/admin/uploads/{id}",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  listAudit: { route: "GET /v1/admin/audit", about: "audit", ...nobody, operator: "all", ...read },
  readCosts: { route: "GET /v1/admin/costs", about: "deployment", ...nobody, operator: "all", ...read },
  forecastCosts: {
    route: "GET /v1/admin/costs/forecast",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  whatIfCosts: {
    route: "GET /v1/admin/costs/what-if",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...read,
  },
  listAlerts: { route: "GET /v1/admin/alerts", about: "deployment", ...nobody, operator: "all", ...read },
  acknowledgeAlert: {
    route: "POST /v1/admin/alerts/{id}/acknowledge",
    about: "deployment",
    ...nobody,
    operator: "all",
    ...write,
  },
} as const satisfies Record<string, Access>;

export type Action = keyof typeof ACCESS;
export type Route = (typeof ACCESS)[Action]["route"];

/** Whether users may ask for it at all; of things in a workspace their role decides then. */
export function isForUsers(access: Access): boolean {
  return WORKSPACE_ROLES.some((role) => access[role] !== "none");
}

/** Whether anyone may, signed in or not. */
export function isForAnyone(access: Access): boolean {
  return access.about === "nothing";
}
