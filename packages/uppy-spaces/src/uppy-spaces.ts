import type { ContentKind } from "@audiotricks/protocol/messages";
import { BasePlugin, type DefinePluginOpts, type PluginOpts, type Uppy } from "@uppy/core";
import type { Body, Meta, UppyFile } from "@uppy/core/utils";
import { urlUnder } from "./companion-client.ts";
import type { EngineUpdate, FromEngine } from "./engine/engine-messages.ts";
import type { FlightRecord } from "./engine/flight-recorder.ts";
import type { RetryOptions } from "./engine/retry-pacer.ts";
import type { UploadSource } from "./engine/upload-source.ts";
import { type EngineChannel, openEngineChannel } from "./engine-channel.ts";
import { inSlices } from "./in-slices.ts";
import { createLeaveGuard } from "./leave-guard.ts";
import { openRemoteEngine, type RemoteEngine } from "./remote-engine.ts";
import { sourceOfFile } from "./source-of-file.ts";
import type { GetToken } from "./token-source.ts";
import type { SpacesUploadStatus } from "./upload-status.ts";
import { createWakeKeeper } from "./wake-lock.ts";

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
  /** Keeps the device from falling asleep while files are on their way and the page is seen. */
  keepAwake?: boolean;
  /**
   * Gives a port to each engine that begins, which says over it what it reads of files: `{ id, offset, size, bytes }` with Uppy's id of the file, in any order,
   * `bytes` as a copy or `null`. It hears `{ credit }`, by how many bytes more may be sent than the 16 MiB at first.
   */
  listen?: (() => MessagePort) | undefined;
  /** Whether uploads run in a worker; `false` where the page replaces `fetch` or `XMLHttpRequest` to change requests. */
  worker?: boolean;
}

const defaultOptions = {
  metadataFields: [] as readonly string[],
  lanes: 12,
  stallTimeoutMs: 60_000,
  warnBeforeLeaving: true,
  keepAwake: true,
  worker: true,
};

type End = Extract<SpacesUploadStatus, { status: "done" | "failed" | "cancelled" }>;

/** Uploads files straight to Spaces, under the eyes of the companion. What people should see is `file.spaces`. */
export class UppySpaces<M extends Meta, B extends Body> extends BasePlugin<
  DefinePluginOpts<UppySpacesOptions<M, B>, keyof typeof defaultOptions>,
  M,
  B
> {
  #engine: RemoteEngine | null = null;
  /** File → what to call once it has come to an end, for now or for good. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** Files that "cancel all" took, until it is sure that it was no mere removal of the uploader. */
  #cancelling = new Set<string>();
  readonly #wake = createWakeKeeper();
  readonly #leaving = createLeaveGuard();

  constructor(uppy: Uppy<M, B>, opts: UppySpacesOptions<M, B>) {
    super(uppy, { ...defaultOptions, ...opts });
    this.type = "uploader";
    this.id = this.opts.id ?? "UppySpaces";
    this.defaultLocale = { strings: { finalizing: "Finishing…" } };
    this.i18nInit();
  }

  override install(): void {
    const { companionUrl, lanes, stallTimeoutMs, retry } = this.opts;
    this.#engine = openRemoteEngine({
      settings: {
        companionUrl: absolute(companionUrl),
        storeName: companionUrl,
        lanes,
        stallTimeoutMs,
        retry,
      },
      getToken: () => this.opts.getToken?.() ?? null,
      listen: this.opts.listen,
      onUpdates: (updates) => this.#updated(updates),
      log: this.#log,
      openChannel: (receive, onLost) => this.openChannel(receive, onLost),
    });
    this.#setCapabilities({ resumableUploads: true, individualCancellation: true });
    this.uppy.addUploader(this.#upload);
    this.uppy.on("file-removed", this.#onRemoved);
    this.uppy.on("cancel-all", this.#onCancelAll);
    this.uppy.on("upload-pause", this.#onPause);
    this.uppy.on("pause-all", this.#onPauseAll);
    this.uppy.on("resume-all", this.#onResumeAll);
  }

  /** Where tests put an engine with another companion and another store. */
  protected openChannel(receive: (message: FromEngine) => void, onLost: () => void): EngineChannel {
    return openEngineChannel({ receive, onLost, mayUseWorker: this.opts.worker, log: this.#log });
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
    this.#guardWhileBusy();
    for (const id of this.#waiting.keys()) this.#release(id);
  }

  /** What one file did and waited for, so far; `undefined` for one that was never uploaded, or long ago. */
  async flightRecord(fileId: string): Promise<FlightRecord | undefined> {
    return this.#engine?.flight(fileId);
  }

  // What Uppy asks.

  readonly #upload = async (ids: string[]): Promise<void> => {
    const files = this.uppy
      .getFilesByIds(ids)
      .filter((file) => file !== undefined && !file.error && !file.progress.uploadComplete);
    const begun = files.filter((file) => !this.#canGoOn(file));
    if (begun.length > 0) this.uppy.emit("upload-start", begun);
    const ends = files.map((file) => this.#untilOver(file.id));
    // Where they go is what the host says now, not when their turn comes.
    const { workspaceId } = this.opts;
    // A message may carry many files, but copying the handles of ten thousand takes longer than a frame.
    await inSlices(files, (slice) => this.#begin(slice, workspaceId));
    await Promise.all(ends);
  };

  /** A retry of a file some of whose parts are at the store: its progress is not to start from nothing. */
  #canGoOn(file: UppyFile<M, B>): boolean {
    const known = this.#engine?.find(file.id);
    return known !== undefined && known.blob === file.data && known.hasTransfer;
  }

  #untilOver(id: string): Promise<void> {
    if (this.#engine === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]);
    });
  }

  #begin(files: readonly UppyFile<M, B>[], workspaceId: string | undefined): void {
    const engine = this.#engine;
    if (engine === null) return;
    const sources: UploadSource[] = [];
    const paused: string[] = [];
    for (const { id } of files) {
      // It may have been taken away while others were begun.
      const file = this.uppy.getFile(id);
      if (file === undefined) this.#release(id);
      else if (file.isRemote || !(file.data instanceof Blob)) this.#refuse(file);
      else if (engine.find(id)?.blob === file.data) engine.retry(id);
      else sources.push(sourceOfFile(file, file.data, { ...this.opts, workspaceId }));
      if (file?.isPaused) paused.push(id);
    }
    if (sources.length > 0) engine.add(sources);
    for (const id of paused) engine.pause(id);
    this.#guardWhileBusy();
  }

  #refuse(file: UppyFile<M, B>): void {
    const message = file.isRemote
      ? `“${file.name}” is not on this device; please download it first.`
      : `“${file.name}” has to be picked again.`;
    const status = { status: "failed" as const, error: { code: "upload_failed" as const, message } };
    this.#show([{ id: file.id, run: 0, status }]);
  }

  readonly #onRemoved = (file: UppyFile<M, B>): void => {
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

  #updated(updates: readonly EngineUpdate[]): void {
    this.#show(updates);
    this.#guardWhileBusy();
  }

  /** One change of Uppy's state for all that there is to tell; what ends is told file by file, between frames. */
  #show(updates: readonly Pick<EngineUpdate, "id" | "run" | "status">[]): void {
    const patch: Record<string, Partial<UppyFile<M, B>>> = {};
    const moved: { id: string; sentBytes: number }[] = [];
    const ends: { id: string; run: number; status: End }[] = [];
    for (const { id, run, status } of updates) {
      if (isEnd(status)) ends.push({ id, run, status });
      const file = this.uppy.getFile(id);
      if (file === undefined) continue;
      patch[id] = { spaces: status, ...this.#postprocess(file, status) };
      const sentBytes = "progress" in status ? status.progress.sentBytes : 0;
      const isFinalizing = status.status === "finalizing" && file.spaces?.status !== "finalizing";
      if (isFinalizing || sentBytes > (file.progress.bytesUploaded || 0)) moved.push({ id, sentBytes });
    }
    if (Object.keys(patch).length > 0) this.uppy.patchFilesState(patch);
    for (const { id, sentBytes } of moved) this.#emitProgress(id, sentBytes);
    void inSlices(ends, (slice) => {
      for (const { id, run, status } of slice) {
        // It may have been tried again, or added again, since this was to be told.
        const now = this.#engine?.find(id);
        if (now === undefined || (now.run === run && now.status === status)) this.#end(id, status);
      }
    });
  }

  #postprocess(
    { progress, spaces }: UppyFile<M, B>,
    { status }: SpacesUploadStatus,
  ): Pick<UppyFile<M, B>, "progress"> | undefined {
    if (status === "finalizing") {
      if (spaces?.status === "finalizing") return undefined;
      const message = this.i18n("finalizing");
      return { progress: { ...progress, postprocess: { mode: "indeterminate", message } } };
    }
    if (progress.postprocess === undefined) return undefined;
    const { postprocess: _, ...rest } = progress;
    return { progress: rest };
  }

  #end(id: string, status: End): void {
    const file = this.uppy.getFile(id);
    if (file !== undefined && status.status === "failed") {
      const error = Object.assign(new Error(status.error.message), { code: status.error.code });
      this.uppy.emit("upload-error", file, error);
    }
    if (file !== undefined && status.status === "done") {
      this.uppy.emit("upload-success", file, {
        status: 200,
        // Uppy leaves the type of an answer to the page; ours is the file's record.
        body: { ...status.file } as unknown as B,
        // The page's origin is seldom the companion's.
        uploadURL: urlUnder(absolute(this.opts.companionUrl), status.file.contentUrl),
      });
    }
    this.#release(id);
  }

  #emitProgress(id: string, bytesUploaded: number): void {
    const file = this.uppy.getFile(id);
    if (file === undefined) return;
    const uploadStarted = file.progress.uploadStarted ?? Date.now();
    this.uppy.emit("upload-progress", file, { uploadStarted, bytesUploaded, bytesTotal: file.size });
  }

  // Small things.

  #release(id: string): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const resolve of waiting) resolve();
  }

  readonly #log = (message: string): void => this.uppy.log(`[UppySpaces] ${message}`, "warning");

  #guardWhileBusy(): void {
    this.#leaving.set(this.opts.warnBeforeLeaving && (this.#engine?.isBusy() ?? false));
    this.#wake.set(this.opts.keepAwake && (this.#engine?.isMoving() ?? false));
  }

  #setCapabilities(change: Partial<ReturnType<Uppy<M, B>["getState"]>["capabilities"]>): void {
    const { capabilities } = this.uppy.getState();
    this.uppy.setState({ capabilities: { ...capabilities, ...change } });
  }
}

function isEnd(status: SpacesUploadStatus): status is End {
  return status.status === "done" || status.status === "failed" || status.status === "cancelled";
}

/** A worker's own address is no base for the page's paths. */
function absolute(url: string): string {
  if (typeof document === "undefined") return url;
  return new URL(url === "" ? "/" : url, document.baseURI).href;
}
