import type { EngineContext } from "./engine-context.ts";
import type { Turn } from "./file-turns.ts";
import { LET_GO } from "./let-go.ts";
import { sampleFile } from "./sample-file.ts";
import { asUploadError } from "./session-creator.ts";
import type { TurnReport } from "./tab-talk.ts";
import { fingerprintOf, type UploadSource } from "./upload-source.ts";

/** One file's turn: held as long as this tab works on it, so that no other does. */
export class UploadTurn {
  readonly #options: UploadTurnOptions;
  readonly #scope = new AbortController();
  #turn: Turn | null = null;
  #sample: Promise<string> | null = null;

  constructor(options: UploadTurnOptions) {
    this.#options = options;
  }

  /** What the tab before was at with the file; `null` before the turn was taken, or where there was nothing. */
  get sessionId(): string | null {
    return this.#turn?.sessionId ?? null;
  }

  /** Waits while another tab has the file. Returns whether this one may work on it now; `false` if it was given up meanwhile. */
  async take(): Promise<boolean> {
    if (this.#turn !== null) return true;
    const { source, context, since, report, onElsewhere } = this.#options;
    const { signal } = this.#scope;
    try {
      this.#turn = await context.turns.take({
        fingerprint: fingerprintOf(source),
        since,
        sample: () => this.#sampled(),
        report,
        onElsewhere,
        isOurs: (sessionId) => this.#knows(sessionId),
        signal,
      });
      if (signal.aborted) this.release();
    } catch (error) {
      // Without turns a file may be sent twice; that is better than not at all.
      if (!signal.aborted) context.log(`${source.name}: ${String(error)}`);
    }
    onElsewhere(null);
    return !signal.aborted;
  }

  /** Lets other tabs go on with the file. */
  release(): void {
    this.#turn?.release();
    this.#turn = null;
  }

  /** And waits no longer, for good. */
  giveUp(): void {
    this.release();
    this.#scope.abort(LET_GO);
  }

  #sampled(): Promise<string> {
    const { whole, context } = this.#options;
    this.#sample ??= sampleFile(whole, context.hash, this.#scope.signal);
    return this.#sample;
  }

  async #knows(sessionId: string): Promise<boolean> {
    try {
      await this.#options.context.client.getUpload(sessionId, { signal: this.#scope.signal });
      return true;
    } catch (error) {
      return asUploadError(error).code !== "session_not_found";
    }
  }
}

interface UploadTurnOptions {
  source: UploadSource;
  whole: Blob;
  context: EngineContext;
  /** When a person wished for it, on the engine's clock. */
  since: number;
  /** What other tabs that have this file are told. */
  report: () => TurnReport;
  /** Another tab has it, and this is how far it is; `null`: none has, or nobody waits any more. */
  onElsewhere: (report: TurnReport | null) => void;
}
