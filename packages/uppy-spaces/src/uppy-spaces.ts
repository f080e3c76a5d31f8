import type { ContentKind } from "@audiotricks/protocol/messages";
import { BasePlugin, type DefinePluginOpts, type PluginOpts, type Uppy } from "@uppy/core";
import type { Body, Meta, UppyFile } from "@uppy/core/utils";
import { createCompanionClient } from "./companion-client.ts";
import type { FlightRecord } from "./engine/flight-recorder.ts";
import type { RetryOptions } from "./engine/retry-pacer.ts";
import { createSessionStore } from "./engine/session-store.ts";
import type { GetToken } from "./token-source.ts";
import { createUploadEngine, type UploadEngine, type UploadEngineOptions } from "./engine/upload-engine.ts";
import type { UploadState } from "./engine/upload-machine.ts";
import type { UploadSource } from "./engine/upload-source.ts";
import type { SpacesUploadStatus } from "./upload-status.ts";

declare module "@uppy/core/utils" {
  export interface LocalUppyFile<M extends Meta, B extends Body> {
    /** What `UppySpaces` tells people about this file. */
    spaces?: SpacesUploadStatus;
  }
  export interface RemoteUppyFile<M extends Meta, B extends Body> {
    spaces?: SpacesUploadStatus;
  }
}

declare module "@uppy/core" {
  export interface PluginTypeRegistry<M extends Meta, B extends Body> {
    UppySpaces: UppySpaces<M, B>;
  }
}

export interface UppySpacesOptions<M extends Meta = Meta, B extends Body = Body> extends PluginOpts {
  /** Origin and base path of the companion; "" for the page's own origin. */
  companionUrl: string;
  /** Bearer token; kept until the companion refuses it, then asked for once more. */
  getToken?: GetToken | undefined;
  /** The workspace whose quota the files count against, beside the user's own. */
  workspaceId?: string | undefined;
  /** What kind of file the companion is told; by default an audio file. */
  contentType?: ContentKind | undefined;
  /** Names of Uppy's metadata that the companion keeps with the file. */
  metadataFields?: readonly string[];
  /** The most PUTs at once over all files. Browsers open six connections to each host name of the store; whether a second six help is measured. */
  lanes?: number;
  /** Whether a file goes in parts; by default the companion decides by size. */
  shouldUseMultipart?: boolean | ((file: UppyFile<M, B>) => boolean) | undefined;
  retry?: Partial<RetryOptions> | undefined;
  /** A PUT without any progress for this long is given up and sent again. */
  stallTimeoutMs?: number;
  /** Asks before the page is left while files are on their way. */
  warnBeforeLeaving?: boolean;
}

const defaultOptions = {
  metadataFields: [] as readonly string[],
  lanes: 12,
  stallTimeoutMs: 60_000,
  warnBeforeLeaving: true,
};

/** Fast enough to look smooth; each update is a render. */
const SHOW_EVERY_MS = 100;
/** Rates fall and countdowns run while nothing else happens. */
const REFRESH_EVERY_MS = 500;

/** Uploads files straight to Spaces, under the eyes of the companion. What people should see is `file.spaces`. */
export class UppySpaces<M extends Meta, B extends Body> extends BasePlugin<
  DefinePluginOpts<UppySpacesOptions<M, B>, keyof typeof defaultOptions>,
  M,
  B
> {
  #engine: UploadEngine | null = null;
  /** File → what to call once it has come to an end, for now or for good. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** Files whose `spaces` is out of date. */
  readonly #dirty = new Set<string>();
  /** Files that "cancel all" took, until it is sure that it was no mere removal of the uploader. */
  #cancelling = new Set<string>();
  #showTimer: ReturnType<typeof setTimeout> | null = null;
  #refreshTimer: ReturnType<typeof setInterval> | null = null;
  #isShowingSoon = false;
  #isGuarding = false;

  constructor(uppy: Uppy<M, B>, opts: UppySpacesOptions<M, B>) {
    super(uppy, { ...defaultOptions, ...opts });
    this.type = "uploader";
    this.id = this.opts.id ?? "UppySpaces";
    this.defaultLocale = { strings: { finalizing: "Finishing…" } };
    this.i18nInit();
  }

  override install(): void {
    this.#engine = this.openEngine({
      onChange: (id, state, status) => this.#changed(id, state, status),
      log: (message) => this.uppy.log(`[UppySpaces] ${message}`, "warning"),
    });
    this.#setCapabilities({ resumableUploads: true, individualCancellation: true });
    this.uppy.addUploader(this.#upload);
    this.uppy.on("file-removed", this.#onRemoved);
    this.uppy.on("cancel-all", this.#onCancelAll);
    this.uppy.on("upload-pause", this.#onPause);
    this.uppy.on("pause-all", this.#onPauseAll);
    this.uppy.on("resume-all", this.#onResumeAll);
  }

  /** Where tests put another companion and another store. */
  protected openEngine(listener: Pick<UploadEngineOptions, "onChange" | "log">): UploadEngine {
    const { companionUrl, lanes, stallTimeoutMs, retry } = this.opts;
    return createUploadEngine({
      client: createCompanionClient({ companionUrl, getToken: () => this.opts.getToken?.() ?? null }),
      store: createSessionStore(companionUrl),
      lanes,
      stallTimeoutMs,
      retry,
      ...listener,
    });
  }

  /** Ends all requests and leaves the sessions open: whoever picks the same files again goes on with them. */
  override uninstall(): void {
    this.uppy.removeUploader(this.#upload);
    this.uppy.off("file-removed", this.#onRemoved);
    this.uppy.off("cancel-all", this.#onCancelAll);
    this.uppy.off("upload-pause", this.#onPause);
    this.uppy.off("pause-all", this.#onPauseAll);
    this.uppy.off("resume-all", this.#onResumeAll);
    this.#setCapabilities({ resumableUploads: false });
    this.#cancelling.clear();
    this.#engine?.close();
    this.#engine = null;
    this.#stopTimers();
    this.#guard(false);
    for (const id of this.#waiting.keys()) this.#release(id);
  }

  /** What one file did and waited for, so far; `undefined` for one that was never uploaded, or long ago. */
  flightRecord(fileId: string): FlightRecord | undefined {
    return this.#engine?.flight(fileId);
  }

  // What Uppy asks.

  readonly #upload = async (ids: string[]): Promise<void> => {
    const files = this.uppy
      .getFilesByIds(ids)
      .filter((file) => file !== undefined && !file.error && !file.progress.uploadComplete);
    const begun = files.filter((file) => !this.#canGoOn(file));
    if (begun.length > 0) this.uppy.emit("upload-start", begun);
    await Promise.all(files.map((file) => this.#uploadOne(file)));
  };

  /** A retry of a file some of whose parts are at the store: its progress is not to start from nothing. */
  #canGoOn(file: UppyFile<M, B>): boolean {
    const known = this.#engine?.find(file.id);
    return known !== undefined && known.source.blob === file.data && hasTransfer(known.state);
  }

  #uploadOne(file: UppyFile<M, B>): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return Promise.resolve();
    const { data } = file;
    if (file.isRemote || !(data instanceof Blob)) {
      const message = file.isRemote
        ? `“${file.name}” is not on this device; please download it first.`
        : `“${file.name}” has to be picked again.`;
      this.#showEnd(file.id, { status: "failed", error: { code: "upload_failed", message } });
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#waiting.set(file.id, [...(this.#waiting.get(file.id) ?? []), resolve]);
      const known = engine.find(file.id);
      if (known === undefined || known.source.blob !== data) engine.add(this.#sourceOf(file, data));
      else engine.retry(file.id);
      if (file.isPaused) engine.pause(file.id);
    });
  }

  #sourceOf(file: UppyFile<M, B>, blob: Blob): UploadSource {
    const { shouldUseMultipart, metadataFields, workspaceId, contentType } = this.opts;
    const isMultipart =
      typeof shouldUseMultipart === "function" ? shouldUseMultipart(file) : shouldUseMultipart;
    const picked = blob instanceof File ? blob : null;
    const relativePath = file.meta.relativePath ?? picked?.webkitRelativePath;
    return {
      id: file.id,
      blob,
      name: file.meta.name || file.name,
      type: file.type ?? "",
      lastModified: picked?.lastModified ?? null,
      relativePath: typeof relativePath === "string" && relativePath !== "" ? relativePath : null,
      metadata: Object.fromEntries(
        metadataFields.flatMap((name) => {
          const value: unknown = file.meta[name];
          const text = typeof value === "string" ? value : JSON.stringify(value);
          return text === undefined || value === null ? [] : [[name, text.slice(0, 1000)]];
        }),
      ),
      workspaceId,
      contentType,
      method: isMultipart === undefined ? undefined : isMultipart ? "multipart" : "put",
    };
  }

  readonly #onRemoved = (file: UppyFile<M, B>): void => {
    this.#dirty.delete(file.id);
    if (!this.#cancelling.has(file.id)) this.#engine?.cancel(file.id);
  };

  /**
   * `uppy.destroy()` first cancels everything and then uninstalls, in one turn. Unmounting a widget must not throw away what
   * was sent, so it takes effect at the end of the turn, or at once when a second one shows that the first was meant.
   */
  readonly #onCancelAll = (): void => {
    this.#cancelForGood();
    this.#cancelling = new Set(this.#engine?.ids());
    queueMicrotask(() => this.#cancelForGood());
  };

  #cancelForGood(): void {
    const ids = this.#cancelling;
    this.#cancelling = new Set();
    for (const id of ids) this.#engine?.cancel(id);
  }

  readonly #onPause = (file: UppyFile<M, B> | undefined, isPaused: boolean): void => {
    if (file === undefined) return;
    if (isPaused) this.#engine?.pause(file.id);
    else this.#engine?.resume(file.id);
  };

  readonly #onPauseAll = (): void => {
    for (const id of this.#engine?.ids() ?? []) this.#engine?.pause(id);
  };

  /** Uppy takes the errors off all files here, so failed ones have to move again too. */
  readonly #onResumeAll = (): void => {
    for (const id of this.#engine?.ids() ?? []) {
      this.#engine?.resume(id);
      this.#engine?.retry(id);
    }
  };

  // What people see.

  #changed(id: string, state: UploadState, status: SpacesUploadStatus): void {
    if (status.status === "done" || status.status === "failed" || status.status === "cancelled") {
      this.#dirty.delete(id);
      this.#showEnd(id, status);
      this.#release(id);
    } else {
      this.#dirty.add(id);
      // Progress can wait; another word for what happens cannot.
      if (this.uppy.getFile(id)?.spaces?.status === status.status) this.#scheduleShow();
      else this.#showSoon();
    }
    this.#guard(state.status !== "queued" && (this.#engine?.isBusy() ?? false));
  }

  #showEnd(
    id: string,
    status: Extract<SpacesUploadStatus, { status: "done" | "failed" | "cancelled" }>,
  ): void {
    const file = this.uppy.getFile(id);
    if (file === undefined) return;
    this.#patch({ [id]: { spaces: status, ...withoutPostprocess(file) } });
    const shown = this.uppy.getFile(id);
    if (status.status === "failed") {
      const error = Object.assign(new Error(status.error.message), { code: status.error.code });
      this.uppy.emit("upload-error", shown, error);
    }
    if (status.status === "done") {
      this.uppy.emit("upload-success", shown, {
        status: 200,
        // Uppy leaves the type of an answer to the page; ours is the file's record.
        body: { ...status.file } as unknown as B,
        uploadURL: status.file.contentUrl,
      });
    }
  }

  readonly #show = (): void => {
    clearTimeout(this.#showTimer ?? undefined);
    this.#showTimer = null;
    const patch: Record<string, Partial<UppyFile<M, B>>> = {};
    const moved: { id: string; sentBytes: number }[] = [];
    for (const id of this.#dirty) {
      const status = this.#engine?.find(id)?.status;
      const file = this.uppy.getFile(id);
      if (status === undefined || file === undefined) continue;
      const before = file.spaces;
      patch[id] = { spaces: status };
      if (status.status === "finalizing" && before?.status !== "finalizing") {
        const postprocess = { mode: "indeterminate" as const, message: this.i18n("finalizing") };
        moved.push({ id, sentBytes: status.progress.sentBytes });
        patch[id] = { spaces: status, progress: { ...file.progress, postprocess } };
      } else if (status.status !== "finalizing" && file.progress.postprocess !== undefined) {
        patch[id] = { spaces: status, ...withoutPostprocess(file) };
      }
      const sentBytes = "progress" in status ? status.progress.sentBytes : 0;
      if (sentBytes > (file.progress.bytesUploaded || 0)) moved.push({ id, sentBytes });
    }
    this.#dirty.clear();
    if (Object.keys(patch).length === 0) return;
    this.#patch(patch);
    for (const { id, sentBytes } of moved) this.#emitProgress(id, sentBytes);
    this.#startRefreshing();
  };

  #emitProgress(id: string, bytesUploaded: number): void {
    const file = this.uppy.getFile(id);
    if (file === undefined) return;
    const uploadStarted = file.progress.uploadStarted ?? Date.now();
    this.uppy.emit("upload-progress", file, { uploadStarted, bytesUploaded, bytesTotal: file.size });
  }

  #patch(files: Record<string, Partial<UppyFile<M, B>>>): void {
    this.uppy.patchFilesState(files);
  }

  #scheduleShow(): void {
    this.#showTimer ??= setTimeout(this.#show, SHOW_EVERY_MS);
  }

  #showSoon(): void {
    if (this.#isShowingSoon) return;
    this.#isShowingSoon = true;
    queueMicrotask(() => {
      this.#isShowingSoon = false;
      this.#show();
    });
  }

  #startRefreshing(): void {
    this.#refreshTimer ??= setInterval(() => {
      const engine = this.#engine;
      const moving = (engine?.ids() ?? []).filter((id) => {
        const status = engine?.find(id)?.status.status;
        return status === "uploading" || status === "waiting";
      });
      if (moving.length === 0) {
        clearInterval(this.#refreshTimer ?? undefined);
        this.#refreshTimer = null;
        return;
      }
      for (const id of moving) this.#dirty.add(id);
      this.#scheduleShow();
    }, REFRESH_EVERY_MS);
  }

  #stopTimers(): void {
    clearTimeout(this.#showTimer ?? undefined);
    clearInterval(this.#refreshTimer ?? undefined);
    this.#showTimer = null;
    this.#refreshTimer = null;
  }

  // Small things.

  #release(id: string): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const resolve of waiting) resolve();
  }

  /** Listening only while it matters keeps the page fit for the browser's back-forward cache. */
  #guard(isNeeded: boolean): void {
    const isWanted = isNeeded && this.opts.warnBeforeLeaving;
    if (isWanted === this.#isGuarding || typeof window === "undefined") return;
    this.#isGuarding = isWanted;
    if (isWanted) window.addEventListener("beforeunload", warn);
    else window.removeEventListener("beforeunload", warn);
  }

  #setCapabilities(change: Partial<ReturnType<Uppy<M, B>["getState"]>["capabilities"]>): void {
    const { capabilities } = this.uppy.getState();
    this.uppy.setState({ capabilities: { ...capabilities, ...change } });
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function hasTransfer(state: UploadState): boolean {
  return "transfer" in state && state.transfer !== null;
}

function withoutPostprocess<M extends Meta, B extends Body>(
  file: UppyFile<M, B>,
): Pick<UppyFile<M, B>, "progress"> {
  const { postprocess: _, ...progress } = file.progress;
  return { progress };
}
