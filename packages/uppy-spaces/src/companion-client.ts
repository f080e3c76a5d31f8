import type {
  ChangeGroupRequest,
  CreateShareRequest,
  CreateShareResponse,
  DownloadRequest,
  DownloadResponse,
  DropGroupResponse,
  FileRecord,
  GroupState,
  ListFilesResponse,
  ListSharesResponse,
  MatchFilesRequest,
  MatchFilesResponse,
  QuotaResponse,
  UpdateFileRequest,
} from "@audiotricks/protocol/messages";
import { type CallOptions, type CompanionClientOptions, createCompanionCall } from "./companion-call.ts";
import { createUploadCalls, type UploadCalls } from "./upload-calls.ts";
import { createWaveformCalls, type WaveformCalls } from "./waveform-calls.ts";

/**
 * The companion's HTTP interface, version 1. Every method rejects with `UploadError` (a companion that does not answer is
 * `internal` with `details.reason` "unreachable"), or with the signal's reason when aborted.
 */
export interface CompanionClient extends UploadCalls, WaveformCalls {
  /** Turns a path the companion answered with, such as `contentUrl`, into a URL. */
  urlOf: (path: string) => string;
  quota: (query?: { workspaceId?: string | undefined }, options?: CallOptions) => Promise<QuotaResponse>;
  listFiles: (
    query?: {
      workspaceId?: string | undefined;
      cursor?: string | undefined;
      limit?: number | undefined;
    },
    options?: CallOptions,
  ) => Promise<ListFilesResponse>;
  /** Files of these sizes that are there already; at most 1,000 sizes. */
  matchFiles: (request: MatchFilesRequest, options?: CallOptions) => Promise<MatchFilesResponse>;
  getFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  updateFile: (fileId: string, change: UpdateFileRequest, options?: CallOptions) => Promise<FileRecord>;
  deleteFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  /** Has a group of the caller wait for fewer files, and opens it if they are there. Safe to repeat. */
  changeGroup: (groupId: string, change: ChangeGroupRequest, options?: CallOptions) => Promise<GroupState>;
  /** Cancels and deletes all files of a group of the caller; safe to repeat. */
  dropGroup: (
    groupId: string,
    query?: { workspaceId?: string | undefined },
    options?: CallOptions,
  ) => Promise<DropGroupResponse>;
  /** Has a file fetched back from the archive: `recalling` until it is there. Safe to repeat, and for a file that is not there. */
  recallFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  /** A signed URL of the bytes, good for `expiresIn` seconds. */
  createDownload: (
    fileId: string,
    request?: Partial<DownloadRequest>,
    options?: CallOptions,
  ) => Promise<DownloadResponse>;
  /** A link for whoever has it. Its `url` is told this once. */
  createShare: (
    fileId: string,
    request?: Partial<CreateShareRequest>,
    options?: CallOptions,
  ) => Promise<CreateShareResponse>;
  /** The links that are good now, the newest first. */
  listShares: (fileId: string, options?: CallOptions) => Promise<ListSharesResponse>;
  /** Safe to repeat. */
  revokeShare: (fileId: string, shareId: string, options?: CallOptions) => Promise<void>;
  /** Ends all links of the file that there are. */
  endShares: (fileId: string, options?: CallOptions) => Promise<void>;
}

/** A path that the companion answered with, as a URL from anywhere; what is one already stays. */
export function urlUnder(companionUrl: string, path: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : `${companionUrl.replace(/\/+$/, "")}${path}`;
}

export function createCompanionClient(options: CompanionClientOptions): CompanionClient {
  const call = createCompanionCall(options);
  const pathOf = (fileId: string) => `/v1/files/${encodeURIComponent(fileId)}`;
  const groupPath = (groupId: string) => `/v1/groups/${encodeURIComponent(groupId)}`;
  return {
    ...createUploadCalls(call),
    ...createWaveformCalls(options),
    urlOf: (path) => urlUnder(options.companionUrl, path),
    quota: (query, o) => call("GET", `/v1/quota${queryString(query)}`, o),
    listFiles: (query, o) => call("GET", `/v1/files${queryString(query)}`, o),
    matchFiles: (body, o) => call("POST", "/v1/files/match", { ...o, body }),
    getFile: (fileId, o) => call("GET", pathOf(fileId), o),
    updateFile: (fileId, body, o) => call("PATCH", pathOf(fileId), { ...o, body }),
    deleteFile: (fileId, o) => call("DELETE", pathOf(fileId), o),
    changeGroup: (groupId, body, o) => call("PATCH", groupPath(groupId), { ...o, body }),
    dropGroup: (groupId, query, o) => call("DELETE", `${groupPath(groupId)}${queryString(query)}`, o),
    recallFile: (fileId, o) => call("POST", `${pathOf(fileId)}/recall`, o),
    // What says nothing is not sent: the companion need not read it.
    createDownload: (fileId, body, o) =>
      call("POST", `${pathOf(fileId)}/download`, body === undefined ? o : { ...o, body }),
    createShare: (fileId, body = {}, o) => call("POST", `${pathOf(fileId)}/shares`, { ...o, body }),
    listShares: (fileId, o) => call("GET", `${pathOf(fileId)}/shares`, o),
    revokeShare: (fileId, shareId, o) =>
      call("DELETE", `${pathOf(fileId)}/shares/${encodeURIComponent(shareId)}`, o),
    endShares: (fileId, o) => call("DELETE", `${pathOf(fileId)}/shares`, o),
  };
}

function queryString(query: Record<string, string | number | undefined> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  return params.size === 0 ? "" : `?${params}`;
}
