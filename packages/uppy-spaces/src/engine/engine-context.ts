import type { HashBlob } from "../md5/blob-hasher.ts";
import type { UploadCalls } from "../upload-calls.ts";
import type { BegunElsewhere } from "./begun-elsewhere.ts";
import type { Clock } from "./clock.ts";
import type { AskCompletion } from "./completion-batcher.ts";
import type { SessionDiscarder } from "./discard-sessions.ts";
import type { FileDigest } from "./file-digests.ts";
import type { FileTurns } from "./file-turns.ts";
import type { FileUpload } from "./file-upload.ts";
import type { FlightRecorder } from "./flight-recorder.ts";
import type { NetworkWatch } from "./network-watch.ts";
import type { PutPart } from "./put-part.ts";
import type { RetryOptions } from "./retry-pacer.ts";
import type { SessionCreator } from "./session-creator.ts";
import type { SessionStore } from "./session-store.ts";
import type { StoreHosts } from "./store-hosts.ts";

/** What all files of an engine share. */
export interface EngineContext {
  client: UploadCalls;
  creator: SessionCreator;
  askCompletion: AskCompletion;
  discarder: SessionDiscarder;
  store: SessionStore;
  begunElsewhere: BegunElsewhere;
  turns: FileTurns;
  hash: HashBlob;
  digestOf: (blob: Blob) => FileDigest;
  put: PutPart;
  clock: Clock;
  network: NetworkWatch;
  random: () => number;
  retry: RetryOptions;
  stallTimeoutMs: number;
  /** The most PUTs at once over all files. */
  lanes: number;
  hosts: StoreHosts;
  flights: FlightRecorder;
  /** A number never given before. */
  nextAttempt: () => number;
  changed: (upload: FileUpload) => void;
  /** Bytes went out. */
  sent: (bytes: number) => void;
  /** The store wants fewer PUTs at once, or one of them does not move. */
  overloaded: () => void;
  /** Something may have become possible: look at everything once this turn is over. */
  schedule: () => void;
  /** The store's CORS rules hide the ETag. */
  etagHidden: () => void;
  log: (message: string) => void;
}
