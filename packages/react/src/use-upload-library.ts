import { type Peaks, UploadError, type UploadErrorBody } from "@audiotricks/protocol";
import type { AccessLevel, DownloadResponse, FileRecord } from "@audiotricks/protocol/messages";
import { useCallback, useEffect, useRef } from "react";
import { onFiles, signalChange } from "./change-signal.ts";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useResource } from "./use-resource.ts";

/** Milliseconds after which a file is looked at again whose store has not followed a change of who reads it. */
const FOLLOW_MS = 3_000;
/** The same for one that comes back from the archive: mostly that is told. */
const RECALL_MS = 30_000;
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
  /** The waveform kept beside a file whose record has `waveform`; `null` where there is none after all. Rejects with `UploadError`. */
  readWaveform: (fileId: string) => Promise<Peaks | null>;
  /** Deletes the file and its bytes, for good. Rejects with `UploadError`. */
  deleteFile: (fileId: string) => Promise<void>;
  /**
   * Has a group wait for no more files than these, and so opens it if they are stored: in a workspace its members see them from then on. Of the
   * caller's own groups. Rejects with `UploadError`.
   */
  publishGroup: (groupId: string, size: number) => Promise<void>;
  /** Cancels and deletes all files of a group of the caller's own, for good. Rejects with `UploadError`, also where some are left: call it again. */
  deleteGroup: (groupId: string) => Promise<void>;
  /**
   * Changes who reads the file; the list says so as soon as the companion has answered. While `accessChanging` is there the store has
   * not followed, and the list is read again until it has. Rejects with `UploadError`, for example `forbidden`.
   */
  changeAccess: (fileId: string, accessLevel: AccessLevel) => Promise<FileRecord>;
  /**
   * Has a file fetched back that is `archived`: it is `recalling` as soon as the companion has answered, and what it was some minutes later. Safe to
   * repeat. Rejects with `UploadError`.
   */
  recallFile: (fileId: string) => Promise<FileRecord>;
}

/** The files that are stored, kept current while this page uploads, and while a meter is told what others do. */
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
  useEffect(() => onFiles(companionUrl, refresh), [companionUrl, refresh]);
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
    (fileId: string, disposition: "inline" | "attachment") =>
      client.createDownload(fileId, disposition === "inline" ? { disposition } : undefined),
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

  const publishGroup = useCallback(
    async (groupId: string, size: number) => {
      await client.changeGroup(groupId, { ...(workspaceId !== undefined && { workspaceId }), size });
      signalChange(companionUrl);
    },
    [client, companionUrl, workspaceId],
  );
  const deleteGroup = useCallback(
    async (groupId: string) => {
      const { left } = await client.dropGroup(groupId, { workspaceId });
      signalChange(companionUrl);
      if (left > 0) throw new UploadError("storage_unavailable", "Not all of the group could be ended.");
    },
    [client, companionUrl, workspaceId],
  );

  /** What the companion answers with takes the place of what is shown. */
  const changeFile = useCallback(
    async (fileId: string, ask: () => Promise<FileRecord>) => {
      try {
        const changed = await ask();
        change((old) => ({ ...old, files: old.files.map((file) => (file.id === fileId ? changed : file)) }));
        return changed;
      } catch (error) {
        // It may have been changed all the same, or be gone.
        refresh();
        throw error;
      }
    },
    [change, refresh],
  );
  const changeAccess = useCallback(
    (fileId: string, accessLevel: AccessLevel) =>
      changeFile(fileId, () => client.updateFile(fileId, { accessLevel })),
    [client, changeFile],
  );
  const recallFile = useCallback(
    (fileId: string) => changeFile(fileId, () => client.recallFile(fileId)),
    [client, changeFile],
  );
  const followMs = followOf(data?.files ?? NO_FILES);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once more after each reading.
  useEffect(() => {
    if (followMs === null) return undefined;
    const timer = setTimeout(refresh, followMs);
    return () => clearTimeout(timer);
  }, [data, followMs, refresh]);

  return {
    status: data !== null ? "ready" : error !== null ? "failed" : "loading",
    files: data?.files ?? NO_FILES,
    error: data === null ? error : null,
    hasMore: cursor !== null,
    loadMore,
    refresh,
    createDownload,
    readWaveform: client.readWaveform,
    deleteFile,
    publishGroup,
    deleteGroup,
    changeAccess,
    recallFile,
  };
}

/** When to look again at files that change by themselves, in milliseconds; `null` where none does. */
function followOf(files: readonly FileRecord[]): number | null {
  if (files.some(({ accessChanging }) => accessChanging)) return FOLLOW_MS;
  return files.some(({ state }) => state === "recalling") ? RECALL_MS : null;
}

const NO_FILES: readonly FileRecord[] = [];
