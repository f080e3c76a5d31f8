import type { ExportRecord } from "@audiotricks/protocol/messages";

/** What is known of an archive outside the database: what was asked for, what it was planned to hold, and what was said of it. */
export interface KnownExport {
  id: string;
  fileId: string;
  /** `undefined`: whatever its kind finds. */
  askedFor: readonly string[] | undefined;
  isCancelAsked: boolean;
  /** By the names in the archive, as they were when its rows were first seen. */
  plan: ReadonlyMap<string, { fileId: string | null; size: number; isMissing: boolean }> | undefined;
  /** Of these there was a moment since then at which they must not be read. */
  readonly unreadable: Set<string>;
  saidEnd: ExportRecord | null;
}

export class KnownExports {
  readonly #byId = new Map<string, KnownExport>();
  readonly #byFile = new Map<string, KnownExport>();
  readonly wrongs: string[] = [];

  /** A server has made its rows, whether or not anybody heard. */
  born({ id, fileId }: ExportRecord, askedFor: readonly string[] | undefined): void {
    if (!this.#byId.has(id)) this.seen({ id, fileId }).askedFor = askedFor;
  }

  /** Its rows are there, and perhaps their server died before it said so. */
  seen({ id, fileId }: { id: string; fileId: string }): KnownExport {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const fresh: KnownExport = {
      id,
      fileId,
      askedFor: undefined,
      isCancelAsked: false,
      plan: undefined,
      unreadable: new Set(),
      saidEnd: null,
    };
    this.#byId.set(id, fresh);
    this.#byFile.set(fileId, fresh);
    return fresh;
  }

  get all(): KnownExport[] {
    return [...this.#byId.values()];
  }

  ofFile(fileId: string): KnownExport | undefined {
    return this.#byFile.get(fileId);
  }

  said(record: ExportRecord): void {
    const known = this.#byId.get(record.id);
    if (known === undefined) return;
    const { id, state, error } = record;
    if ((state === "failed") !== (error !== null && error.message !== ""))
      this.wrongs.push(`20: export ${id} is ${state}, and says ${JSON.stringify(error)} of why`);
    if (known.saidEnd !== null && known.saidEnd.state !== state)
      this.wrongs.push(`20: export ${id} was said to be ${known.saidEnd.state}, and now ${state}`);
    if (state !== "queued" && state !== "running") known.saidEnd ??= record;
  }
}
