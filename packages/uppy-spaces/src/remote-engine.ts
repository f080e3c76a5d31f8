import type {
  EngineSettings,
  EngineUpdate,
  FromEngine,
  NumberedSource,
  ToEngine,
} from "./engine/engine-messages.ts";
import type { FlightRecord } from "./engine/flight-recorder.ts";
import type { NetworkWatch } from "./engine/network-watch.ts";
import type { UploadSource } from "./engine/upload-source.ts";
import type { EngineChannel } from "./engine-channel.ts";
import { openPageMemory, type PageMemory } from "./page-memory.ts";
import { pageNetwork } from "./page-network.ts";
import type { GetToken } from "./token-source.ts";
import type { SpacesUploadStatus } from "./upload-status.ts";

/** What the page knows of one upload. */
export interface KnownUpload {
  blob: Blob;
  status: SpacesUploadStatus;
  /** Whether a retry goes on with what is at the store. */
  hasTransfer: boolean;
  /** Which of the uploads under its id it is. */
  run: number;
}

/** An engine as the page sees it: it is told what to do, and tells what became of it. */
export interface RemoteEngine {
  /** Begins as soon as there is room. An upload of the same id that is still under way is cancelled. */
  add: (sources: readonly UploadSource[]) => void;
  pause: (id: string) => void;
  resume: (id: string) => void;
  retry: (id: string) => void;
  /** Also ends the session at the companion. */
  cancel: (id: string) => void;
  find: (id: string) => KnownUpload | undefined;
  ids: () => string[];
  /** Whether anything moves, or would if it could. */
  isBusy: () => boolean;
  /** The same, but for what waits for a network: that may take all night. */
  isMoving: () => boolean;
  /** What it did and waited for so far; of the last uploads also once they are over. */
  flight: (id: string) => Promise<FlightRecord | undefined>;
  /** Aborts everything under way. Sessions stay, to be gone on with by the next engine. */
  close: () => void;
}

export interface RemoteEngineOptions {
  settings: Omit<EngineSettings, "remembered" | "isOnline">;
  getToken: GetToken;
  onUpdates: (updates: readonly EngineUpdate[]) => void;
  log: (message: string) => void;
  /** To whom an engine says what it reads; another port for each engine. */
  listen?: (() => MessagePort) | undefined;
  /** `onLost`: the engine is gone, and another one is to be told everything. */
  openChannel: (receive: (message: FromEngine) => void, onLost: () => void) => EngineChannel;
  memory?: PageMemory;
  network?: NetworkWatch;
}

/** What another engine needs to know where this one is lost. */
interface Kept extends KnownUpload {
  source: UploadSource;
  isPaused: boolean;
  /** It was cancelled, and the engine has not said so yet. */
  isLeaving: boolean;
  /** It had failed in an engine that is gone; the one that is there has never heard of it. */
  isUnheard: boolean;
  sessionId: string | null;
  sentBytes: number;
}

export function openRemoteEngine(options: RemoteEngineOptions): RemoteEngine {
  const { settings, getToken, onUpdates, log, memory = openPageMemory(), network = pageNetwork } = options;
  const known = new Map<string, Kept>();
  const flights = new Map<number, (record: FlightRecord | undefined) => void>();
  let runs = 0;
  let calls = 0;
  let isClosed = false;

  const receive = (message: FromEngine) => {
    switch (message.type) {
      case "updates":
        for (const [key, value] of message.remember) memory.write(key, value);
        if (!isClosed) take(message.updates);
        return;
      case "ask-token":
        void answerToken(message.call);
        return;
      case "flight":
        flights.get(message.call)?.(message.record);
        flights.delete(message.call);
        return;
      case "log":
        log(message.message);
        return;
      case "closed":
        return;
      default:
        message satisfies never;
    }
  };

  const take = (updates: readonly EngineUpdate[]) => {
    const current = updates.filter(({ id, run }) => known.get(id)?.run === run);
    for (const { id, status, hasTransfer } of current) {
      const upload = known.get(id);
      if (upload === undefined) continue;
      Object.assign(upload, { status, hasTransfer });
      if ("sessionId" in status && status.sessionId !== null) upload.sessionId = status.sessionId;
      if ("progress" in status) upload.sentBytes = Math.max(upload.sentBytes, status.progress.sentBytes);
      // A failed one is kept for a retry.
      if (status.status === "done" || status.status === "cancelled") known.delete(id);
    }
    if (current.length > 0) onUpdates(current);
    watch();
  };

  const answerToken = async (call: number) => {
    try {
      send({ type: "token", call, token: await getToken() });
    } catch (error) {
      send({ type: "no-token", call, message: String(error) });
    }
  };

  /** Everything that is wanted, said to another engine. What the one before had sent is at the store, and proved like any resume. */
  const startOver = () => {
    if (isClosed) return;
    for (const resolve of flights.values()) resolve(undefined);
    flights.clear();
    open();
    const all = [...known.values()];
    const leaving = all.filter(({ isLeaving }) => isLeaving);
    const sessionIds = leaving.flatMap(({ sessionId }) => sessionId ?? []);
    if (sessionIds.length > 0) send({ type: "discard", sessionIds });
    for (const upload of all) upload.isUnheard = upload.status.status === "failed";
    const wanted = all.filter(({ isLeaving, isUnheard }) => !isLeaving && !isUnheard);
    if (wanted.length > 0) send({ type: "add", files: wanted.map(goingOn) });
    for (const { source, isPaused } of wanted) if (isPaused) send({ type: "pause", id: source.id });
    take(leaving.map(({ source, run }) => cancelled(source.id, run)));
    watch();
  };

  const channel = options.openChannel(receive, startOver);
  const send = (message: ToEngine) => channel.send(message);
  const open = () => {
    const state = { remembered: memory.entries(), isOnline: network.isOnline() };
    send({ type: "open", settings: { ...settings, ...state } });
    const port = options.listen?.();
    if (port !== undefined) send({ type: "listen", port });
  };
  open();
  const stopNetwork = network.subscribe((change) =>
    send({ type: "network", change, isOnline: network.isOnline() }),
  );
  const stopMemory = memory.subscribe((key, value) => send({ type: "remembered", key, value }));

  const present = (id: string) => {
    const upload = known.get(id);
    return upload?.isLeaving === true ? undefined : upload;
  };
  const some = (test: (status: SpacesUploadStatus) => boolean) =>
    [...known.values()].some(({ status, isLeaving }) => !isLeaving && test(status));
  const watch = () => channel.watch([...known.values()].some(isAtStake));
  const command = (type: "pause" | "resume" | "retry") => (id: string) => {
    const upload = present(id);
    if (upload === undefined) return;
    if (type !== "retry") upload.isPaused = type === "pause";
    if (!upload.isUnheard) send({ type, id });
    else if (type === "retry") {
      upload.isUnheard = false;
      send({ type: "add", files: [goingOn(upload)] });
    }
    watch();
  };

  return {
    add: (sources) => {
      const files = sources.map((source) => {
        runs += 1;
        known.set(source.id, {
          blob: source.blob,
          status: { status: "queued" },
          hasTransfer: false,
          run: runs,
          source,
          isPaused: false,
          isLeaving: false,
          isUnheard: false,
          sessionId: null,
          sentBytes: 0,
        });
        return { run: runs, source };
      });
      send({ type: "add", files });
      watch();
    },
    pause: command("pause"),
    resume: command("resume"),
    retry: command("retry"),
    cancel: (id) => {
      const upload = known.get(id);
      if (upload === undefined || upload.isLeaving) return;
      upload.isLeaving = true;
      if (!upload.isUnheard) return send({ type: "cancel", id });
      if (upload.sessionId !== null) send({ type: "discard", sessionIds: [upload.sessionId] });
      take([cancelled(id, upload.run)]);
    },
    find: present,
    ids: () => [...known.keys()].filter((id) => present(id) !== undefined),
    isBusy: () => some(isUnderWay),
    isMoving: () => some((status) => isUnderWay(status) && !isOffline(status)),
    flight: (id) => {
      if (isClosed) return Promise.resolve(undefined);
      calls += 1;
      const call = calls;
      return new Promise((resolve) => {
        flights.set(call, resolve);
        send({ type: "ask-flight", call, id });
      });
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      stopNetwork();
      stopMemory();
      send({ type: "close" });
      for (const resolve of flights.values()) resolve(undefined);
      known.clear();
    },
  };
}

function goingOn({ run, source, sessionId, sentBytes }: Kept): NumberedSource {
  return { run, source, goOn: { sessionId, sentBytes } };
}

function cancelled(id: string, run: number): EngineUpdate {
  return { id, run, status: { status: "cancelled" }, hasTransfer: false };
}

/** Whether an engine that dies has something to do with it that nobody else would do. */
function isAtStake({ status, isPaused, isUnheard }: Kept): boolean {
  return !isPaused && !isUnheard && status.status !== "failed" && status.status !== "done";
}

function isUnderWay(it: SpacesUploadStatus): boolean {
  const { status } = it;
  // What another tab sends is that tab's business: this one can be left.
  if (status === "waiting" && it.reason === "elsewhere") return false;
  return status !== "paused" && status !== "done" && status !== "failed" && status !== "cancelled";
}

function isOffline(status: SpacesUploadStatus): boolean {
  return status.status === "waiting" && status.reason === "offline";
}
