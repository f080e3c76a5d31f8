import type {
  DownloadRequest,
  DownloadResponse,
  FileRecord,
  ListFilesResponse,
  QuotaResponse,
  UpdateFileRequest,
} from "@audiotricks/protocol/messages";
import { type CallOptions, type CompanionClientOptions, createCompanionCall } from "./companion-call.ts";
import { createUploadCalls, type UploadCalls } from "./upload-calls.ts";

/**
 * The companion's HTTP interface, version 1. Every method rejects with `UploadError` (a companion that does not answer is
 * `internal` with `details.reason` "unreachable"), or with the signal's reason when aborted.
 */
export interface CompanionClient extends UploadCalls {
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
  getFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  updateFile: (fileId: string, change: UpdateFileRequest, options?: CallOptions) => Promise<FileRecord>;
  deleteFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  /** A signed URL of the bytes, good for `expiresIn` seconds. */
  createDownload: (
    fileId: string,
    request?: Partial<DownloadRequest>,
    options?: CallOptions,
  ) => Promise<DownloadResponse>;
}

/** A path that the companion answered with, as a URL from anywhere; what is one already stays. */
export function urlUnder(companionUrl: string, path: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : `${companionUrl.replace(/\/+$/, "")}${path}`;
}

export function createCompanionClient(options: CompanionClientOptions): CompanionClient {
  const call = createCompanionCall(options);
  const pathOf = (fileId: string) => `/v1/files/${encodeURIComponent(fileId)}`;
  return {
    ...createUploadCalls(call),
    urlOf: (path) => urlUnder(options.companionUrl, path),
    quota: (query, o) => call("GET", `/v1/quota${queryString(query)}`, o),
    listFiles: (query, o) => call("GET", `/v1/files${queryString(query)}`, o),
    getFile: (fileId, o) => call("GET", pathOf(fileId), o),
    updateFile: (fileId, body, o) => call("PATCH", pathOf(fileId), { ...o, body }),
    deleteFile: (fileId, o) => call("DELETE", pathOf(fileId), o),
    createDownload: (fileId, body = {}, o) => call("POST", `${pathOf(fileId)}/download`, { ...o, body }),
  };
}

function queryString(query: Record<string, string | number | undefined> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  return params.size === 0 ? "" : `?${params}`;
}
