import { type CompanionClient, findSessionsInUse } from "@audiotricks/uppy-spaces";
import type { FileToAdd } from "./check-files.ts";
import { listenForDrops } from "./dropped-handles.ts";
import { createFileHandles, type HandledFile } from "./file-handles.ts";
import type { FileIntake } from "./file-intake.ts";
import type { UppyUpload } from "./file-status.ts";
import { openHandleShelf } from "./handle-shelf.ts";
import { createKeptUploads } from "./kept-uploads.ts";
import type { PatientUppy } from "./patient-uppy.ts";
import type { UploadActions } from "./upload-actions.ts";
import type { UploadsState } from "./uploads-state.ts";
import { createWaitingFiles } from "./waiting-files.ts";
import { openWaitingShelf } from "./waiting-shelf.ts";

/** What earlier pages left, and what this one would leave: uploads that were begun, and files that were not. */
export interface EarlierPages {
  actions: Pick<UploadActions, "continueUploads" | "beginWaiting" | "dismissWaiting">;
  begin: () => void;
  /** Files are other than they were. */
  look: () => void;
  removed: (file: UppyUpload) => void;
  stop: () => void;
}

export function lookAtEarlierPages(options: {
  companionUrl: string;
  client: CompanionClient;
  uppy: PatientUppy;
  intake: FileIntake;
  onChange: (change: Partial<Pick<UploadsState, "continuable" | "notBegun">>) => void;
}): EarlierPages {
  const { companionUrl, client, uppy, intake, onChange } = options;
  const { workspaceId } = intake;
  const page = typeof window === "undefined" ? new EventTarget() : window;
  const drops = listenForDrops(page);
  const handles = createFileHandles(drops);
  const addAgain =
    (add: (files: FileToAdd[]) => void) =>
    (uploads: readonly { upload: Omit<HandledFile, "handle">; file: File }[]) =>
      add(
        uploads.map(({ file, upload: { name, type, relativePath, group } }) => {
          return { name, type, data: file, source: "local", meta: { relativePath, ...(group && { group }) } };
        }),
      );
  const kept = createKeptUploads({
    companionUrl,
    client,
    handles,
    findSessionsInUse,
    shelf: openHandleShelf(),
    workspaceId,
    // What they take is reserved.
    add: addAgain(intake.add),
    onChange: (continuable) => onChange({ continuable }),
  });
  const waiting = createWaitingFiles({
    companionUrl,
    handles,
    shelf: openWaitingShelf(),
    files: () => uppy.getFiles(),
    userId: async () => {
      const { quotas } = await client.quota();
      const own = quotas.find(({ scope }) => scope === "user");
      if (own === undefined) throw new Error("The companion does not say who is signed in");
      return own.id;
    },
    workspaceId,
    begunFiles: async () => (await client.listUploads()).uploads,
    add: addAgain((files) => uppy.addFiles(files)),
    onChange: (notBegun) => onChange({ notBegun }),
  });
  const leaving = new AbortController();
  page.addEventListener("pagehide", waiting.leave, { signal: leaving.signal });
  /** The browser asks one question at a time. */
  let asked: Promise<unknown> = Promise.resolve();

  return {
    actions: {
      continueUploads: (sessionIds) => {
        asked = asked.then(() => kept.continueUploads(sessionIds));
      },
      beginWaiting: () => {
        asked = asked.then(waiting.continueAll);
      },
      dismissWaiting: waiting.dismiss,
    },
    begin: () => {
      kept.begin();
      waiting.begin();
    },
    look: () => {
      kept.look(uppy.getFiles());
      waiting.look();
    },
    removed: ({ id }) => kept.removed(id),
    stop: () => {
      drops.stop();
      kept.stop();
      leaving.abort();
      waiting.leave();
      waiting.stop();
    },
  };
}
