import type { Waveform, Waveforms } from "@audiotricks/audio-waveform";
import { UploadError } from "@audiotricks/protocol";
import type { CompanionClient } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { signalChange } from "./change-signal.ts";
import type { UppyUpload } from "./file-status.ts";
import { statusOf } from "./file-status.ts";
import { throttle } from "./throttle.ts";

type Module = Pick<typeof import("@audiotricks/audio-waveform"), "openWaveforms">;

/** Times that keeping a waveform is tried, and how long it is waited in between, in milliseconds. */
const KEEP_ATTEMPTS = 4;
const KEEP_AGAIN_MS = 2000;
/** How often lists of files hear of new ones at most, in milliseconds. */
const SIGNAL_INTERVAL_MS = 1000;

/** Waveforms of the files in the list, as far as they are worked out. */
export interface WaveformShelf {
  get: (id: string) => Waveform | null;
  /** @returns Ends it. */
  watch: (id: string, listener: () => void) => () => void;
  /** The file itself, to be heard before it is uploaded; `null` where it is not on this device. */
  file: (id: string) => Blob | null;
}

/** Has the waveform of each file worked out that is uploaded, and keeps it beside the file once that is stored. */
export function createWaveformShelf(options: {
  uppy: Uppy;
  client: Pick<CompanionClient, "keepWaveform">;
  companionUrl: string;
  load?: () => Promise<Module>;
  wait?: (ms: number) => Promise<void>;
}): {
  shelf: WaveformShelf;
  /** A port for an engine that begins, by which it says what it reads. */
  listen: () => MessagePort;
  close: () => void;
} {
  const { uppy, client, companionUrl, load = () => import("@audiotricks/audio-waveform") } = options;
  const { wait = (ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)) } = options;
  const found = new Map<string, Waveform>();
  const listeners = new Map<string, Set<() => void>>();
  /** File of the list → its id at the companion, until its waveform is kept. */
  const stored = new Map<string, string>();
  const leaving = new AbortController();
  let loading: Promise<Waveforms | null> | null = null;
  /** Until somebody is there to hear what is said over it: little, as there is no credit for more. */
  let unheard: MessagePort | null = null;
  let keeping: Promise<void> = Promise.resolve();
  const signal = throttle(() => signalChange(companionUrl), SIGNAL_INTERVAL_MS);

  const open = (): Promise<Waveforms | null> => {
    loading ??= load().then(
      ({ openWaveforms }) => {
        const opened = openWaveforms();
        if (unheard !== null) opened.listen(unheard);
        unheard = null;
        if (leaving.signal.aborted) opened.close();
        return opened;
      },
      () => {
        loading = null; // The network may be back for the next file.
        return null;
      },
    );
    return loading;
  };

  const show = (id: string, waveform: Waveform) => {
    found.set(id, waveform);
    for (const listener of listeners.get(id) ?? []) listener();
    keepIfStored(id);
  };

  const begin = async (id: string, file: Blob) => {
    if (found.get(id)?.status === "done") return;
    const waveforms = await open();
    if (waveforms === null || leaving.signal.aborted) return;
    waveforms.begin(id, file, (waveform) => show(id, waveform));
    // It may have been stored while this was loaded.
    if (stored.has(id)) waveforms.finish(id);
  };

  const keepIfStored = (id: string) => {
    const [fileId, waveform] = [stored.get(id), found.get(id)];
    if (fileId === undefined || waveform?.status !== "done") return;
    stored.delete(id);
    // One after another: users' own calls go first.
    keeping = keeping.then(() => keep(fileId, waveform.file));
  };

  /** A waveform is worth no word of failure: whoever opens the file later hears it all the same. */
  const keep = async (fileId: string, file: Uint8Array<ArrayBuffer>) => {
    for (let attempt = 1; attempt <= KEEP_ATTEMPTS && !leaving.signal.aborted; attempt += 1) {
      try {
        const { state } = await client.keepWaveform(fileId, file, { signal: leaving.signal });
        if (state === "stored") return signal.call();
      } catch (error) {
        uppy.log(error, "warning");
        if (error instanceof UploadError && !error.retryable) return;
      }
      await wait(KEEP_AGAIN_MS * attempt);
    }
  };

  uppy.on("upload-start", (files) => {
    for (const { id, data } of files) if (data instanceof Blob) void begin(id, data);
  });
  uppy.on("upload-success", (file) => {
    const status = file && statusOf(file);
    if (status?.status !== "done") return;
    stored.set(file?.id ?? "", status.file.id);
    void loading?.then((waveforms) => waveforms?.finish(file?.id ?? ""));
    keepIfStored(file?.id ?? "");
  });
  uppy.on("file-removed", ({ id }: UppyUpload) => {
    found.delete(id);
    // One that is stored is still to get its waveform.
    if (!stored.has(id)) void loading?.then((waveforms) => waveforms?.drop(id));
  });

  return {
    shelf: {
      get: (id) => found.get(id) ?? null,
      watch: (id, listener) => {
        const group = listeners.get(id) ?? new Set();
        listeners.set(id, group.add(listener));
        return () => {
          group.delete(listener);
          if (group.size === 0 && listeners.get(id) === group) listeners.delete(id);
        };
      },
      file: (id) => {
        const data = uppy.getFile(id)?.data;
        return data instanceof Blob ? data : null;
      },
    },
    listen: () => {
      const { port1, port2 } = new MessageChannel();
      unheard?.close();
      unheard = port1;
      void loading?.then((waveforms) => {
        if (waveforms === null || unheard !== port1) return;
        waveforms.listen(port1);
        unheard = null;
      });
      return port2;
    },
    close: () => {
      unheard?.close();
      leaving.abort();
      signal.stop();
      void loading?.then((waveforms) => waveforms?.close());
    },
  };
}
