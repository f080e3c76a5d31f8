import type { EngineContext } from "./engine-context.ts";
import type { Setbacks } from "./file-failures.ts";
import type { FileReading } from "./file-reading.ts";
import type { PartSigning } from "./part-signing.ts";
import type { UploadEvent, UploadState } from "./upload-machine.ts";
import type { UploadSource } from "./upload-source.ts";

/** One file on its way, as those see it that do one kind of work for it, and those of them that the others need. */
export interface FileWork {
  readonly source: UploadSource;
  readonly context: EngineContext;
  readonly state: UploadState;
  /** Whether the engine has let go of it. */
  readonly isClosed: boolean;
  /** For calls about the current session; aborted when that is left, after which their answers are nobody's. */
  readonly signal: AbortSignal;
  /** The only way to change the state. Returns whether anything changed. */
  readonly dispatch: (event: UploadEvent) => boolean;
  readonly setbacks: Setbacks;
  readonly reading: FileReading;
  readonly signing: PartSigning;
}
