import { createBlobHasher, type HashBlob } from "../md5/blob-hasher.ts";
import type { UploadCalls } from "../upload-calls.ts";
import type { SpacesUploadStatus } from "../upload-status.ts";
import { BackoffWaits } from "./backoff-waits.ts";
import { createBegunElsewhere } from "./begun-elsewhere.ts";
import { type Clock, monotonicClock } from "./clock.ts";
import { createCompletionBatcher } from "./completion-batcher.ts";
import { createSessionDiscarder } from "./discard-sessions.ts";
import type { EngineContext } from "./engine-context.ts";
import type { GoOn } from "./engine-messages.ts";
import { createFileDigests, type FileDigest } from "./file-digests.ts";
import { type FileTurns, freeTurns } from "./file-turns.ts";
import { FileUpload } from "./file-upload.ts";
import { createFlightRecorder, type FlightRecord } from "./flight-recorder.ts";
import { LaneGovernor } from "./lane-governor.ts";
import { assignLanes, type LaneClaim, type ReadyPart } from "./lane-scheduler.ts";
import { LinkSpeed } from "./link-speed.ts";
import type { NetworkWatch } from "./network-watch.ts";
import { type PutPart, putPart } from "./put-part.ts";
import { DEFAULT_RETRY, type RetryOptions } from "./retry-pacer.ts";
import { createSessionCreator } from "./session-creator.ts";
import type { SessionStore } from "./session-store.ts";
import { StoreHosts } from "./store-hosts.ts";
import { isElsewhere, isSettled, type UploadState } from "./upload-machine.ts";
import type { UploadSource } from "./upload-source.ts";

/** Files whose sessions are open at a time; more are begun, a batch at once, when fewer than this are left. */
const SESSIONS_AHEAD = 100;
/** Parts the worker hashes side by side, for little more than the price of one: so it is given as many at a time. */
const HASHED_AT_ONCE = 8;
/** Parts that wait for a lane, hashed, when it is given more. */
const HASHED_IN_STORE = 4;
/** PUTs that Spaces takes at once for one object, until the companion says otherwise. */
const DEFAULT_PARTS_AT_ONCE = 10;
/** Bytes that go out for longer than this after the browser says that there is no network prove it wrong. */
const OFFLINE_STANDS_MS = 2_000;
/** What browsers open to one host over HTTP/1.1. */
const CONNECTIONS_PER_HOST = 6;

export interface UploadEngineOptions {
  client: UploadCalls;
  store: SessionStore;
  /** Who works on a file, of several tabs; by default there is only this one. */
  turns?: FileTurns;
  /** The most PUTs at once over all files. */
  lanes: number;
  network: NetworkWatch;
  stallTimeoutMs: number;
  retry?: Partial<RetryOptions> | undefined;
  onChange: (id: string, state: UploadState, status: SpacesUploadStatus) => void;
  log: (message: string) => void;
  // The outside world.
  put?: PutPart;
  hash?: HashBlob;
  digestOf?: (blob: Blob) => FileDigest;
  clock?: Clock;
  random?: () => number;
}

export interface UploadEngine {
  /** Begins as soon as there is room. An upload of the same id that is still under way is cancelled. `goOn`: where an earlier engine was. */
  add: (source: UploadSource, goOn?: GoOn) => void;
  /** Ends sessions at the companion that no upload here has. */
  discard: (sessionIds: readonly string[]) => void;
  find: (id: string) => { source: UploadSource; state: UploadState; status: SpacesUploadStatus } | undefined;
  pause: (id: string) => void;
  resume: (id: string) => void;
  retry: (id: string) => void;
  /** Also ends the session at the companion. */
  cancel: (id: string) => void;
  /** What it did and waited for so far; of the last uploads also once they are over. */
  flight: (id: string) => FlightRecord | undefined;
  ids: () => string[];
  /** Aborts everything under way. Sessions stay, to be gone on with by the next engine. */
  close: () => void;
}

/** Sends files: several parts of a file at once, several files at once, over one set of lanes. */
export function createUploadEngine(options: UploadEngineOptions): UploadEngine {
  const { client, store, lanes, clock = monotonicClock, network, log } = options;
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const random = options.random ?? Math.random;
  const hash = options.hash ?? createBlobHasher();
  const flights = createFlightRecorder(clock);
  const waits = new BackoffWaits(clock);
  const creator = createSessionCreator({ client, clock, waits, retry, random, isOnline: network.isOnline });
  const discarder = createSessionDiscarder({ client, store, waits, retry });
  const uploads = new Map<string, FileUpload>();
  /** Of those, the ones not begun, in the order in which they will be: thousands of them cost nothing until it is their turn. */
  const queued = new Set<FileUpload>();
  /** And the ones that are begun and not over. */
  const open = new Set<FileUpload>();
  let partsAtOnce = DEFAULT_PARTS_AT_ONCE;
  let hasAskedConfig = false;
  let attempts = 0;
  let isScheduled = false;
  let isClosed = false;
  const governor = new LaneGovernor({ fewest: CONNECTIONS_PER_HOST, most: lanes });
  const speed = new LinkSpeed();
  const digests = createFileDigests({ speed });
  /** Whether parts wait for a lane. */
  let isFull = false;
  let hasToldOfEtag = false;
  let offlineSince: number | null = null;
  let stopWatching = () => {};
  /** When bytes last went out. */
  let movedAt = 0;

  const context: EngineContext = {
    client,
    creator,
    askCompletion: createCompletionBatcher(client, clock),
    discarder,
    store,
    begunElsewhere: createBegunElsewhere({ client, store, clock }),
    turns: options.turns ?? freeTurns,
    hash,
    digestOf: options.digestOf ?? digests.of,
    put: options.put ?? putPart,
    clock,
    network,
    random,
    retry,
    stallTimeoutMs: options.stallTimeoutMs,
    lanes,
    flights,
    hosts: new StoreHosts(),
    sent: (bytes) => {
      movedAt = clock.now();
      if (speed.sent(bytes, movedAt)) digests.speedChanged();
      governor.sent(bytes);
      if (governor.observe(movedAt, isFull)) context.schedule();
    },
    overloaded: () => governor.trouble(clock.now()),
    nextAttempt: () => {
      attempts += 1;
      return attempts;
    },
    changed: (upload) => {
      const { id } = upload.source;
      if (uploads.get(id) !== upload) return;
      place(upload);
      // A failed one is kept for a retry.
      if (isSettled(upload.state) && upload.state.status !== "failed") uploads.delete(id);
      options.onChange(id, upload.state, upload.status());
    },
    schedule: () => {
      if (isScheduled || isClosed) return;
      isScheduled = true;
      queueMicrotask(() => {
        isScheduled = false;
        if (!isClosed) advance();
      });
    },
    etagHidden: () => {
      if (hasToldOfEtag) return;
      hasToldOfEtag = true;
      log("The bucket's CORS rules do not expose ETag: the companion's list of parts is used.");
    },
    log,
  };

  /** Keeps the two sets true to the state. */
  const place = (upload: FileUpload) => {
    const { status } = upload.state;
    if (status !== "queued") queued.delete(upload);
    if (status === "queued") queued.add(upload);
    else if (isSettled(upload.state)) open.delete(upload);
    else open.add(upload);
  };

  const advance = () => {
    flights.lanes(governor.lanes);
    beginQueued();
    for (const upload of open) upload.advance();
    hashAhead();
    // Twice as many as there are lanes: half of them may be for a host that has no room.
    const ready = claims(({ sending }) => sending.readyParts(2 * governor.lanes), {
      busy: ({ sending }) => sending.puts.size,
      atOnce: Math.max(1, partsAtOnce),
    });
    const busyHosts = new Map<string, number>();
    for (const { sending } of open) sending.puts.countHosts(busyHosts);
    const assigned = assignLanes(ready, { lanes: governor.lanes, busyHosts, perHost: CONNECTIONS_PER_HOST });
    isFull = ready.reduce((sum, claim) => sum + claim.ready.length, 0) > assigned.length;
    for (const { id, partNumber } of assigned) void uploads.get(id)?.sending.send(partNumber);
  };

  const hashAhead = () => {
    let ahead = 0;
    for (const upload of open) ahead += upload.hashedAhead;
    if (ahead > HASHED_IN_STORE) return;
    const most = HASHED_IN_STORE + HASHED_AT_ONCE;
    const wanted = claims(({ reading }) => reading.partsToHash(most), {
      busy: (upload) => upload.hashedAhead,
      atOnce: most,
    });
    for (const { id, partNumber } of assignLanes(wanted, { lanes: most }))
      void uploads.get(id)?.reading.hashPart(partNumber);
  };

  const claims = (
    ready: (upload: FileUpload) => ReadyPart[],
    { busy, atOnce }: { busy: (upload: FileUpload) => number; atOnce: number },
  ): LaneClaim[] =>
    Array.from(open, (upload) => ({
      id: upload.source.id,
      inFlight: busy(upload),
      maxInFlight: atOnce,
      ready: ready(upload),
    }));

  const beginQueued = () => {
    if (queued.size === 0) return;
    let moving = 0;
    for (const { state } of open) if (isMoving(state)) moving += 1;
    if (moving >= SESSIONS_AHEAD) return;
    let room = 2 * SESSIONS_AHEAD - moving;
    for (const upload of queued) {
      if (room === 0) break;
      if (upload.state.status !== "queued" || upload.state.isPaused) continue;
      room -= 1;
      upload.dispatch({ type: "begin" });
    }
  };

  const askConfig = () => {
    if (hasAskedConfig) return;
    hasAskedConfig = true;
    client.config().then(
      ({ maxConcurrentParts }) => {
        partsAtOnce = maxConcurrentParts;
      },
      () => {
        hasAskedConfig = false; // Asked again with the next file; the default is what Spaces documents.
      },
    );
  };

  /** Bytes that were on their way say that there is a network after all; when no more follow, there is none. */
  const watchOffline = () => {
    if (clock.now() - movedAt >= OFFLINE_STANDS_MS)
      for (const upload of uploads.values()) upload.goneOffline();
    stopWatching = clock.after(OFFLINE_STANDS_MS, watchOffline);
  };
  const unsubscribe = network.subscribe((change) => {
    if (change === "offline") {
      if (offlineSince === null) stopWatching = clock.after(OFFLINE_STANDS_MS, watchOffline);
      offlineSince ??= clock.now();
      for (const upload of uploads.values()) upload.goneOffline();
      return;
    }
    const deadSince = change === "online" ? offlineSince : null;
    if (change === "online") {
      offlineSince = null;
      stopWatching();
    }
    waits.wake();
    for (const upload of uploads.values()) upload.backOnline(deadSince);
  });
  discarder.resume();

  return {
    discard: (sessionIds) => {
      for (const sessionId of sessionIds) discarder.discard(sessionId);
    },
    add: (source, goOn) => {
      if (isClosed) return;
      uploads.get(source.id)?.dispatch({ type: "cancel" });
      askConfig();
      flights.begin(source.id, source.blob.size);
      const upload = new FileUpload(source, context, goOn);
      uploads.set(source.id, upload);
      place(upload);
      options.onChange(source.id, upload.state, upload.status());
      context.schedule();
    },
    find: (id) => {
      const upload = uploads.get(id);
      return upload && { source: upload.source, state: upload.state, status: upload.status() };
    },
    pause: (id) => void uploads.get(id)?.dispatch({ type: "pause" }),
    resume: (id) => void uploads.get(id)?.dispatch({ type: "resume" }),
    retry: (id) => void uploads.get(id)?.dispatch({ type: "retry" }),
    cancel: (id) => void uploads.get(id)?.dispatch({ type: "cancel" }),
    flight: flights.find,
    ids: () => [...uploads.keys()],
    close: () => {
      if (isClosed) return;
      isClosed = true;
      unsubscribe();
      stopWatching();
      for (const upload of uploads.values()) upload.close();
      uploads.clear();
      queued.clear();
      open.clear();
      creator.close();
      discarder.close();
    },
  };
}

/** Files that other tabs work on, or that are paused, are no reason to begin fewer of the others. */
function isMoving(state: UploadState): boolean {
  return "isPaused" in state && !state.isPaused && !isElsewhere(state);
}
