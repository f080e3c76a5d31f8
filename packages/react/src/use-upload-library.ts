import type { UploadErrorBody } from "@audiotricks/protocol";
import type { DownloadResponse, FileRecord } from "@audiotricks/protocol/messages";
import { useCallback, useEffect, useRef } from "react";
import { signalChange } from "./change-signal.ts";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useResource } from "./use-resource.ts";

/** Most files the companion lists at once. */
const MAX_PAGE_SIZE = 200;

export interface UploadLibraryOptions extends CompanionOptions {
  /** The files of this workspace instead of the user's own. */
  workspaceId?: string | undefined;
  /** Files a page, 1 to 200. Default: 50. */
  pageSize?: number | undefined;
}

export interface UploadLibrary {
  status: "loading" | "ready" | "failed";
  /** Newest first. */
  files: readonly FileRecord[];
  /** Why the list could not be read, in `failed`. */
  error: UploadErrorBody | null;
  hasMore: boolean;
  /** Rejects with `UploadError`. */
  loadMore: () => Promise<void>;
  /** Reads the list again from its beginning. */
  refresh: () => void;
  /** A signed URL, good for `expiresIn` seconds: `inline` to play, `attachment` to save. Rejects with `UploadError`. */
  createDownload: (fileId: string, disposition: "inline" | "attachment") => Promise<DownloadResponse>;
  /** Deletes the file and its bytes, for good. Rejects with `UploadError`. */
  deleteFile: (fileId: string) => Promise<void>;
}

/** The files that are stored, kept current while this page uploads. */
export function useUploadLibrary(options: UploadLibraryOptions): UploadLibrary {
  const { companionUrl, workspaceId, pageSize = 50 } = options;
  const client = useClient(options);
  // When the list is read again it should not shrink to its first page under the reader's eyes.
  const shown = useRef(0);
  const read = useCallback(
    (signal: AbortSignal) => {
      const limit = Math.min(MAX_PAGE_SIZE, Math.max(pageSize, shown.current));
      return client.listFiles({ workspaceId, limit }, { signal });
    },
    [client, workspaceId, pageSize],
  );
  const { data, error, change, refresh } = useResource(companionUrl, read);
  const count = data?.files.length ?? 0;
  useEffect(() => {
    shown.current = count;
  }, [count]);

  const cursor = data?.nextCursor ?? null;
  const loadMore = useCallback(async () => {
    if (cursor === null) return;
    const page = await client.listFiles({ workspaceId, cursor, limit: pageSize });
    change((old) => {
      // Read again meanwhile: this page belongs to another beginning.
      if (old.nextCursor !== cursor) return old;
      return { files: [...old.files, ...page.files], nextCursor: page.nextCursor };
    });
  }, [client, workspaceId, cursor, pageSize, change]);

  const createDownload = useCallback(
    (fileId: string, disposition: "inline" | "attachment") => client.createDownload(fileId, { disposition }),
    [client],
  );
  const deleteFile = useCallback(
    async (fileId: string) => {
      await client.deleteFile(fileId);
      change((old) => ({ ...old, files: old.files.filter((file) => file.id !== fileId) }));
      signalChange(companionUrl);
    },
    [client, companionUrl, change],
  );

  return {
    status: data !== null ? "ready" : error !== null ? "failed" : "loading",
    files: data?.files ?? NO_FILES,
    error: data === null ? error : null,
    hasMore: cursor !== null,
    loadMore,
    refresh,
    createDownload,
    deleteFile,
  };
}

const NO_FILES: readonly FileRecord[] = [];
