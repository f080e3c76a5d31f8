/** Why a file has no waveform. */
export type NoWaveform =
  /** The browser cannot decode what is in it. */
  | "no_decoder"
  /** It makes no sense, or can no longer be read. */
  | "unreadable"
  /** The page may have no workers, or lost the file of ours. */
  | "no_worker";

/** What the page tells the worker. */
export type ToWaveforms =
  /** Where the windows come from, of whoever reads the files to upload them. */
  | { type: "listen"; port: MessagePort }
  | { type: "begin"; id: string; file: Blob }
  /** Nobody is going to read it any more. */
  | { type: "finish"; id: string }
  | { type: "drop"; id: string };

export type FromWaveforms =
  | { type: "ready" }
  /** `part`: how much of the file these are of, 0 to 1. */
  | { type: "progress"; id: string; peaks: Uint8Array<ArrayBuffer>; part: number }
  | { type: "done"; id: string; peaks: Uint8Array<ArrayBuffer> }
  | { type: "none"; id: string; reason: NoWaveform };

/** What an uploader says over the port: bytes of a file that it has just read, under the name that the page gave it. */
export interface HeardWindow {
  id: string;
  /** Of the first byte, in the file. */
  offset: number;
  size: number;
  /** `null` where there was no credit left. */
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** And what is said back: so many more bytes may be handed on. */
export interface Credit {
  credit: number;
}
