import type { CompanionClient, SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { reopen } from "./file-handle.ts";
import type { FileHandles } from "./file-handles.ts";
import { statusOf, type UppyUpload } from "./file-status.ts";
import type { HandleShelf, KeptUpload } from "./handle-shelf.ts";

/** The page before may hold its locks a moment longer than it is seen. */
const ONE_MORE_LOOK_MS = 1500;

/**
 * Whether an unfinished upload can be gone on with without picking its file again. `ready`: when a person says so; `refused`: the
 * browser was not allowed to read the file; `gone`, `changed`: it is not where or what it was.
 */
export type Continuable = "ready" | "refused" | "gone" | "changed";

/** Uploads whose files can be read again after a reload. */
export interface KeptUploads {
  /** Looks for what earlier pages left, and goes on with what needs nobody. */
  begin: () => void;
  /** Looks for files whose sessions or states are others than before. */
  look: (files: readonly UppyUpload[]) => void;
  /** A person took it off the list. */
  removed: (fileId: string) => void;
  /** Goes on with these. Call it in the turn of a click: the browser may have to ask. */
  continueUploads: (sessionIds: readonly string[]) => Promise<void>;
  stop: () => void;
}

interface Tracked {
  sessionId: string;
  isPaused: boolean;
  /** `null` where there is no handle to keep. */
  upload: Promise<Omit<KeptUpload, "isPaused"> | null>;
}

export function createKeptUploads(options: {
  companionUrl: string;
  shelf: HandleShelf;
  handles: FileHandles;
  client: Pick<CompanionClient, "listUploads" | "getUpload">;
  /** Sessions that some tab is working in. */
  findSessionsInUse: () => Promise<ReadonlySet<string>>;
  workspaceId: () => string | undefined;
  add: (uploads: readonly { upload: KeptUpload; file: File }[]) => void;
  onChange: (continuable: ReadonlyMap<string, Continuable>) => void;
}): KeptUploads {
  const { companionUrl, shelf, handles, client, findSessionsInUse, workspaceId, add, onChange } = options;
  /** What earlier pages left. */
  const kept = new Map<string, KeptUpload>();
  const continuable = new Map<string, Continuable>();
  const tracked = new Map<string, Tracked>();
  let isStopped = false;

  const tell = () => {
    if (!isStopped) onChange(new Map(continuable));
  };

  const forget = async (sessionId: string) => {
    kept.delete(sessionId);
    if (continuable.delete(sessionId)) tell();
    await shelf.remove(sessionId);
  };

  const describe = async (
    file: UppyUpload,
    sessionId: string,
  ): Promise<Omit<KeptUpload, "isPaused"> | null> => {
    const described = await handles.describe(file);
    if (described?.handle == null) return null;
    const { handle } = described;
    return { ...described, handle, sessionId, companionUrl, workspaceId: workspaceId() ?? null };
  };

  const track = (file: UppyUpload, sessionId: string, isPaused: boolean) => {
    const old = tracked.get(file.id);
    if (old?.sessionId === sessionId && old.isPaused === isPaused) return;
    if (old !== undefined && old.sessionId !== sessionId) untrack(file.id);
    const described = old?.sessionId === sessionId ? old.upload : describe(file, sessionId);
    const current = { sessionId, isPaused, upload: described };
    tracked.set(file.id, current);
    void described.then((upload) => {
      if (upload !== null && tracked.get(file.id) === current) return shelf.put({ ...upload, isPaused });
    });
  };

  const untrack = (fileId: string) => {
    const old = tracked.get(fileId);
    tracked.delete(fileId);
    // Thousands of files without a handle were never written down.
    void old?.upload.then((upload) => {
      if (upload !== null) return forget(upload.sessionId);
    });
  };

  const goOn = async (uploads: readonly KeptUpload[], mayAsk: boolean) => {
    const ready: { upload: KeptUpload; file: File }[] = [];
    // One after the other: the first may be the only one that the browser asks for.
    for (const upload of uploads) {
      const reopened = await reopen(upload.handle, upload, mayAsk);
      if (isStopped) return;
      if (reopened.outcome !== "ready") {
        // Nobody was asked, so nobody refused.
        if (mayAsk || reopened.outcome !== "refused") continuable.set(upload.sessionId, reopened.outcome);
        continue;
      }
      // It comes back through Uppy like any other.
      handles.know(reopened.file, upload.handle);
      continuable.delete(upload.sessionId);
      ready.push({ upload, file: reopened.file });
    }
    if (ready.length > 0) add(ready);
    tell();
  };

  /** What is over by now is dropped; what somebody else began, who was signed in here, is left alone. */
  const prune = async () => {
    const { uploads } = await client.listUploads();
    const open = new Set(uploads.map(({ sessionId }) => sessionId));
    for (const { sessionId } of kept.values()) {
      if (open.has(sessionId)) continue;
      const isOwn = await client.getUpload(sessionId).then(
        () => true,
        () => false,
      );
      kept.delete(sessionId);
      if (isOwn) await shelf.remove(sessionId);
    }
  };

  const canGoOnByItself = (upload: KeptUpload, inUse: ReadonlySet<string>) =>
    continuable.get(upload.sessionId) === "ready" &&
    !upload.isPaused &&
    !inUse.has(upload.sessionId) &&
    (upload.workspaceId ?? undefined) === workspaceId();

  const begin = async () => {
    const all = await shelf.all();
    for (const upload of all) if (upload.companionUrl === companionUrl) kept.set(upload.sessionId, upload);
    if (kept.size === 0) return;
    await prune();
    for (const sessionId of kept.keys()) continuable.set(sessionId, "ready");
    tell();
    // What was allowed for good needs nobody, unless another tab is at it.
    for (const waitMs of [0, ONE_MORE_LOOK_MS]) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const inUse = await findSessionsInUse();
      if (isStopped) return;
      const wanted = [...kept.values()].filter((upload) => canGoOnByItself(upload, inUse));
      if (wanted.length > 0) await goOn(wanted, false);
    }
  };

  return {
    // Without a companion there is nothing to go on with; the list of unfinished uploads is not there either.
    begin: () => void begin().catch(() => {}),
    look: (files) => {
      for (const file of files) {
        const status = statusOf(file);
        const sessionId = sessionOf(status);
        if (sessionId !== null) track(file, sessionId, status.status === "paused");
        else if (status.status === "done") untrack(file.id);
      }
    },
    removed: untrack,
    continueUploads: (sessionIds) =>
      goOn(
        sessionIds.flatMap((sessionId) => kept.get(sessionId) ?? []),
        true,
      ),
    stop: () => {
      isStopped = true;
    },
  };
}

function sessionOf(status: SpacesUploadStatus): string | null {
  return "sessionId" in status ? status.sessionId : null;
}
