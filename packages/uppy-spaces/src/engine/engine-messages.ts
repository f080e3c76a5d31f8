import type { SpacesUploadStatus } from "../upload-status.ts";
import type { FlightRecord } from "./flight-recorder.ts";
import type { NetworkChange } from "./network-watch.ts";
import type { RetryOptions } from "./retry-pacer.ts";
import type { UploadSource } from "./upload-source.ts";

/** What an engine needs to know once. All of it can be cloned, so that it reaches a worker. */
export interface EngineSettings {
  /** Absolute: a worker has another idea of what a path is relative to. */
  companionUrl: string;
  /** Under which name sessions are remembered: what the page calls the companion. */
  storeName: string;
  /** The most PUTs at once over all files. */
  lanes: number;
  stallTimeoutMs: number;
  retry: Partial<RetryOptions> | undefined;
  /** What earlier pages remembered. */
  remembered: readonly (readonly [key: string, value: string])[];
  isOnline: boolean;
}

/** A file to upload, and which of the uploads under its id this is: what is told of an earlier one is no longer of interest. */
export interface NumberedSource {
  run: number;
  source: UploadSource;
  /** Where an engine was with it that is gone. */
  goOn?: GoOn;
}

export interface GoOn {
  /** In which session; `null` if there was none yet. */
  sessionId: string | null;
  /** What people have seen of it. */
  sentBytes: number;
}

export type ToEngine =
  | { type: "open"; settings: EngineSettings }
  | { type: "add"; files: readonly NumberedSource[] }
  | { type: "pause" | "resume" | "retry" | "cancel"; id: string }
  /** Sessions that a person cancelled, and an engine that is gone may not have ended. */
  | { type: "discard"; sessionIds: readonly string[] }
  | { type: "network"; change: NetworkChange; isOnline: boolean }
  /** Another tab wrote. */
  | { type: "remembered"; key: string; value: string | null }
  | { type: "token"; call: number; token: string | null }
  | { type: "no-token"; call: number; message: string }
  /** To whom what is read of files is to be handed on. */
  | { type: "listen"; port: MessagePort }
  | { type: "ask-flight"; call: number; id: string }
  | { type: "close" };

export interface EngineUpdate {
  id: string;
  run: number;
  status: SpacesUploadStatus;
  /** Whether a retry goes on with what is at the store. */
  hasTransfer: boolean;
}

export type FromEngine =
  /** What became of files since the last time, one update each, and what is to be remembered across reloads. */
  | {
      type: "updates";
      updates: readonly EngineUpdate[];
      remember: readonly (readonly [key: string, value: string | null])[];
    }
  | { type: "ask-token"; call: number }
  | { type: "flight"; call: number; record: FlightRecord | undefined }
  | { type: "log"; message: string }
  /** Nothing is under way any more, after "close". */
  | { type: "closed" };

/** What is said between a page and a worker beside that: whether the worker is there. */
export type ToWorker = ToEngine | { type: "hold"; name: string } | { type: "let-go"; name: string };

export type FromWorker =
  | Exclude<FromEngine, { type: "closed" }>
  | { type: "ready" }
  /** It holds the lock, as asked. */
  | { type: "holding"; name: string }
  /** A message of the page could not be read. */
  | { type: "unreadable" };
