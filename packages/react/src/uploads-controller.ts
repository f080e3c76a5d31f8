import type { AudioRules } from "@audiotricks/audio-preflight";
import type { FileRecord, QuotaScope } from "@audiotricks/protocol/messages";
import {
  createCompanionClient,
  type GetToken,
  openContentSearch,
  UppySpaces,
} from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { signalChange } from "./change-signal.ts";
import { type ConfigState, loadConfig } from "./config-state.ts";
import { lookAtEarlierPages } from "./earlier-pages.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { groupOfFile } from "./file-group.ts";
import { type AddedFile, openFileIntake } from "./file-intake.ts";
import { isWaiting, itemOf, statusOf, type UppyUpload } from "./file-status.ts";
import type { Demand } from "./fit-in-order.ts";
import { createFollowedQuota } from "./followed-quota.ts";
import { keepApart } from "./keep-apart.ts";
import { createKnownContent } from "./known-content.ts";
import { notHere } from "./not-here.ts";
import { PatientUppy } from "./patient-uppy.ts";
import { nextNotices } from "./quota-notices.ts";
import { watchQuota } from "./quota-watch.ts";
import { findViolation, uppyRestrictions } from "./restrictions.ts";
import { createSoundCheck } from "./sound-check.ts";
import { createStemGate } from "./stem-gate.ts";
import { hasChangedStorage } from "./storage-changes.ts";
import { throttle } from "./throttle.ts";
import { createUploadActions, type UploadActions } from "./upload-actions.ts";
import { createUploadChoice, keyOf, modifiedOf } from "./upload-choice.ts";
import {
  EMPTY_UPLOADS,
  isUnfinished,
  type RefusedFile,
  reuseItems,
  totalsOf,
  type UploadItem,
  type UploadsState,
} from "./uploads-state.ts";
import { createWaveformShelf } from "./waveform-shelf.ts";

/** How often listeners hear of progress at most, in milliseconds: as often as a number can be read. Bars move in between. */
const NOTIFY_INTERVAL_MS = 200;
/** How many files that went as soon as they were stored are kept to be told of; more than end between two announcements. */
const KEPT_LEFT = 1000;
/** How long a cancelled upload takes to be gone at the companion, generously, in milliseconds. */
const CANCEL_SETTLE_MS = 2000;

export interface UploadsControllerOptions {
  /** Unique in the page. */
  id: string;
  companionUrl: string;
  getToken: GetToken;
  /** Where files go; `undefined` for the user's own space. */
  workspaceId: string | undefined;
  /** What files have to be; `false`: they are not looked into. */
  rules: () => AudioRules | false;
  /** Whether waveforms are worked out, drawn and kept. Default: `false`. */
  waveforms?: boolean;
  /** What becomes of files whose content is stored already. */
  duplicates: () => "ask" | "upload";
  /** Whether files that sound like stems of one piece are offered as one. */
  stems: () => "ask" | "apart";
  /** Called once a file that the companion has proved and stored. */
  onUploaded: (file: FileRecord) => void;
}

/** One Uppy with our engine in it, and everything a view needs, without React. Ended by `dispose`, any number of times. */
export interface UploadsController {
  uppy: Uppy;
  actions: UploadActions;
  subscribe: (listener: () => void) => () => void;
  getState: () => UploadsState;
  /** Whether something is still to be sent or saved. */
  isBusy: () => boolean;
  /** Where files go that are added from now on. */
  setWorkspace: (workspaceId: string | undefined) => void;
  /** Stops sending and lets go of everything; what was sent stays at the store, to be continued later. */
  dispose: () => void;
  isDisposed: () => boolean;
}

export function createUploadsController(options: UploadsControllerOptions): UploadsController {
  const { companionUrl, getToken, workspaceId } = options;
  const listeners = new Set<() => void>();
  let isDisposed = false;
  let hasBegun = false;
  let refusals = 0;
  /** Whose record the host has. */
  const reported = new Set<string>();
  /** Not told yet: stored files that left the list. */
  let left: UploadItem[] = [];
  /** Not told yet: a folder may hold thousands of files that are no audio. */
  let refused: RefusedFile[] = [];
  let cancelTimer: ReturnType<typeof setTimeout> | undefined;

  const uppy: PatientUppy = new PatientUppy({
    id: options.id,
    onBeforeFileAdded: (file, pending) => keepApart(file, pending, uppy.files, intake.isOfThisDrop),
  });
  const client = createCompanionClient({ companionUrl, getToken });
  const waveforms = options.waveforms ? createWaveformShelf({ uppy, client, companionUrl }) : null;
  uppy.use(UppySpaces, {
    companionUrl,
    getToken,
    workspaceId,
    metadataFields: ["relativePath"],
    listen: waveforms?.listen,
  });
  const intake = openFileIntake(uppy, {
    workspaceId,
    onAdded: () => {
      sound.settle();
      tellRefused();
    },
    hold: (files) => {
      known.ask(files);
      adopt(files);
      sound.hold(files);
    },
  });
  const sound = createSoundCheck({
    uppy,
    rules: options.rules,
    isAllAtOnce: intake.isAllAtOnce,
    pass: (files) => known.pass(files),
    refuse: (files) => {
      for (const file of files) refuse(file);
      uppy.removeFiles(files.flatMap(({ itemId }) => itemId ?? []));
      readFiles.call();
    },
    onKnown: () => {
      gate.look();
      readFiles.call();
    },
    isStemsWanted,
    isAdding: intake.isAdding,
    isHeld: (id) => gate.isHeld(id),
  });
  const known = createKnownContent<AddedFile>({
    // Where the engine takes all files at once, none can wait.
    isWanted: () => options.duplicates() === "ask" && !intake.isAllAtOnce(),
    file: (id) => {
      const file = uppy.files[id];
      return file && { name: file.name ?? "", blob: file.data instanceof Blob ? file.data : null };
    },
    match: (request, signal) => client.matchFiles(request, { signal }),
    find: openContentSearch(),
    start: (files) => gate.pass(files),
    onChange: () => update({ already: known.found() }),
  });
  const gate = createStemGate<AddedFile>({
    isWanted: isStemsWanted,
    sets: sound.sets,
    client,
    status: (id) => {
      const file = uppy.files[id];
      return file === undefined ? null : statusOf(file);
    },
    file: (id) => {
      const file = uppy.files[id];
      return file && { name: file.name ?? "", size: file.size ?? 0 };
    },
    setGroup: (id, group) => {
      if (uppy.files[id] !== undefined) uppy.setFileMeta(id, { group });
    },
    start: intake.start,
    removeFiles: (ids) => uppy.removeFiles(ids.filter((id) => uppy.files[id] !== undefined)),
    onChange: () => {
      update({ stemUnits: gate.units() });
      readFiles.call();
    },
    onStored: () => signalChange(companionUrl),
  });
  let state: UploadsState = { ...EMPTY_UPLOADS, stems: sound.stems() };
  const quota = watchQuota({
    companionUrl,
    read: (signal) => client.quota({ workspaceId: intake.workspaceId() }, { signal }),
    taken: () => demandOf(uppy.getFiles(), intake.waiting()),
    onReading: ({ quotas }) => {
      // What is told is no older, and goes on coming.
      if (!followed.isTold()) showQuotas(quotas);
      choosing.look();
    },
    // What is left for files that wait depends on what was going to be reserved when it was read.
    isTold: () => followed.isTold() && state.choice === null,
  });
  const followed = createFollowedQuota({
    companionUrl,
    getToken,
    onQuotas: (quotas) => {
      showQuotas(quotas);
      if (state.choice !== null) void quota.ask();
    },
    onFailed: () => void quota.ask(),
  });
  const choosing = createUploadChoice({
    quota,
    isAllowed: (file) => state.config.status !== "ready" || findViolation(file, state.config.config) === null,
    underWay: () =>
      new Set(
        uppy
          .getFiles()
          .filter((file) => isUnfinished(statusOf(file)))
          .map(keyOfUpload),
      ),
    reserved: async () => {
      const { uploads } = await client.listUploads();
      const here = intake.workspaceId();
      return notHere(
        uploads,
        uppy.getFiles().map((file) => itemOf(file)),
      ).filter((upload) => (upload.workspaceId ?? undefined) === here);
    },
    add: intake.add,
    onChange: (choice) => {
      update({ choice });
      followWhatIsOfUse();
    },
  });
  uppy.setIntake(choosing.take);

  /** Where the engine takes all files at once, none can wait for others. */
  function isStemsWanted(): boolean {
    return options.stems() === "ask" && options.rules() !== false && !intake.isAllAtOnce();
  }

  function adopt(files: readonly AddedFile[]): void {
    for (const { id, workspaceId: place } of files) {
      const file = uppy.files[id];
      const group = file && groupOfFile(file);
      if (file && group) gate.adopt(id, file.name ?? "", group, place);
    }
  }

  function update(change: Partial<UploadsState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  function showQuotas(quotas: readonly QuotaScope[]): void {
    update({ quotas, quotaNotices: nextNotices(state.quotaNotices, state.quotas, quotas) });
    followWhatIsOfUse();
  }

  /** While uploads run others may fill up what they need, and while somebody chooses; the rest of the time nobody looks. */
  function followWhatIsOfUse(): void {
    const own = state.quotas?.find(({ scope }) => scope === "user");
    const isOfUse = !isDisposed && (state.totals.unfinished > 0 || state.choice !== null);
    followed.want(isOfUse && own ? { userId: own.id, workspaceId: intake.workspaceId() } : null);
  }

  function tellRefused(): void {
    if (refused.length === 0) return;
    const all = [...state.refused, ...refused];
    refused = [];
    update({ refused: all });
  }

  function refuse(file: Omit<RefusedFile, "id">): void {
    refusals += 1;
    refused.push({ id: `refused-${refusals}`, ...file });
  }

  function showFiles(): void {
    tellRefused();
    const before = state.files;
    const files = reuseItems(
      before,
      uppy.getFiles().map((file) => {
        const known = sound.of(file.id);
        return itemOf(file, { ...known, stems: gate.of(file.id) ?? known.stems });
      }),
    );
    const hasNewLeft = left.length > 0;
    earlier.look();
    gate.look();
    sound.look();
    if (sound.stems() !== state.stems) update({ stems: sound.stems() });
    if (files === before && !hasNewLeft) return;
    const allLeft = hasNewLeft ? [...state.left, ...left].slice(-KEPT_LEFT) : state.left;
    left = [];
    update({ files, totals: totalsOf(files), left: allLeft });
    followWhatIsOfUse();
    if (hasNewLeft || hasChangedStorage(before, files)) signalChange(companionUrl);
  }
  const readFiles = throttle(showFiles, NOTIFY_INTERVAL_MS);

  /** Once a file, and never later than the file or this controller goes: a host may take either away as soon as it is stored. */
  function report(file: UppyUpload): void {
    const status = statusOf(file);
    if (status.status !== "done" || reported.has(file.id)) return;
    reported.add(file.id);
    try {
      options.onUploaded(status.file);
    } catch (error) {
      // It is the host's; other files are not to miss their end for it.
      uppy.log(error, "error");
    }
  }

  uppy.on("state-update", readFiles.call);
  // Nothing follows that it could be gathered with, and people wait for it.
  uppy.on("complete", readFiles.flush);
  // Before any listener of the host, which may remove the file or unmount the widget.
  uppy.on("upload-success", (file) => {
    if (file !== undefined) report(file);
  });
  uppy.on("file-removed", (file) => {
    if (!isDisposed) earlier.removed(file);
    const status = statusOf(file);
    // The engine's word may be in Uppy's state while its event is still to come; for a removed file it never comes.
    report(file);
    // The same file may be added again.
    reported.delete(file.id);
    const stored = known.found().find(({ id }) => id === file.id)?.stored.group ?? null;
    sound.remove(file.id);
    if (!isDisposed) gate.remove(file.id, status, stored);
    known.remove(file.id);
    gate.look();
    if (sound.stems() !== state.stems) readFiles.call();
    if (status.status === "done") {
      left.push(itemOf(file));
      readFiles.call();
    }
    if (!isUnfinished(status)) return;
    // The companion hears of it a moment later, and nobody says when.
    clearTimeout(cancelTimer);
    cancelTimer = setTimeout(() => signalChange(companionUrl), CANCEL_SETTLE_MS);
  });
  uppy.on("restriction-failed", (file, error) => {
    const name = file?.name ?? "";
    const isKnown = file !== undefined && uppy.getFile(file.id) !== undefined;
    refuse(explainRefusal({ name, size: file?.size ?? 0 }, isKnown, state.config, error.message));
    readFiles.call();
  });

  const earlier = lookAtEarlierPages({ companionUrl, client, uppy, intake, onChange: update });
  const config = loadConfig(
    (signal) => client.config({ signal }),
    (next: ConfigState) => {
      if (next.status === "ready") uppy.setOptions({ restrictions: uppyRestrictions(next.config) });
      update({ config: next });
      if (next.status !== "ready" || hasBegun) return;
      hasBegun = true;
      void quota.ask();
      earlier.begin();
    },
  );

  const { actions, stop: stopLooking } = createUploadActions({
    uppy,
    intake,
    choosing,
    getState: () => state,
    update,
    showNow: () => {
      uppy.publish();
      readFiles.flush();
    },
    others: {
      ...earlier.actions,
      see: sound.see,
      cover: sound.cover,
      waveforms: waveforms?.shelf ?? null,
      dismissStems: (id) => {
        sound.dismissStems(id);
        gate.look();
        showFiles();
      },
      uploadTogether: (id) => {
        gate.together(id);
        showFiles();
      },
      publishStems: gate.publish,
      dropStems: gate.drop,
      dismissStemUnit: gate.dismiss,
      uploadAnyway: known.release,
      retryConfig: config.retry,
    },
  });

  return {
    uppy,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getState: () => state,
    actions,
    isBusy: () =>
      choosing.isBusy() || intake.isBusy() || uppy.getFiles().some((file) => isUnfinished(statusOf(file))),
    setWorkspace: (id) => {
      if (id === intake.workspaceId()) return;
      choosing.settle();
      intake.setWorkspace(id);
      followed.want(null);
      quota.restart();
    },
    dispose: () => {
      if (isDisposed) return;
      isDisposed = true;
      choosing.stop();
      followed.want(null);
      quota.stop();
      intake.close();
      sound.close();
      waveforms?.close();
      known.close();
      gate.close();
      clearTimeout(cancelTimer);
      stopLooking();
      config.stop();
      earlier.stop();
      // Nobody looks any more, but what the engine said last still has to be passed on.
      listeners.clear();
      uppy.publish();
      readFiles.flush();
      readFiles.stop();
      for (const file of uppy.getFiles()) report(file);
      // destroy() cancels every upload, and a cancel deletes what is at the store: the engine has to leave before.
      const engine = uppy.getPlugin("UppySpaces");
      if (engine) uppy.removePlugin(engine);
      uppy.destroy();
    },
    isDisposed: () => isDisposed,
  };
}

function keyOfUpload({ name, size, data }: UppyUpload): string {
  return keyOf(name ?? "", size, modifiedOf({ data }));
}

/** What files will take that the companion has not been told of. */
function demandOf(files: readonly UppyUpload[], beside: Demand): Demand {
  const { bytes, files: count } = beside;
  const waiting = files.filter((file) => isWaiting(file));
  return {
    bytes: waiting.reduce((total, { size }) => total + (size ?? 0), bytes),
    files: count + waiting.length,
  };
}
