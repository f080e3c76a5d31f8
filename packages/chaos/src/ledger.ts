import { createHash } from "node:crypto";
import type { FileRecord } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { say } from "./say.ts";

/** One file as whoever sends it knows it. Its name is the one thing that nobody else has. */
export interface SentFile {
  name: string;
  userId: string;
  size: number;
  seed: number;
  sha256: string;
  sessionIds: Set<string>;
  /** As the companion said that it is stored. */
  acknowledged: FileRecord | undefined;
  isCancelAsked: boolean;
  /** Sessions that were said to be aborted. */
  saidAborted: Set<string>;
  isDeleteAsked: boolean;
  isSaidDeleted: boolean;
}

/** What people were told, and what was found wrong. */
export class Ledger {
  readonly files = new Map<string, SentFile>();
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];

  born(file: Pick<SentFile, "name" | "userId" | "size" | "seed">): SentFile {
    const sha256 = createHash("sha256").update(bytesOf(file)).digest("hex");
    const born: SentFile = {
      ...file,
      sha256,
      sessionIds: new Set(),
      acknowledged: undefined,
      isCancelAsked: false,
      saidAborted: new Set(),
      isDeleteAsked: false,
      isSaidDeleted: false,
    };
    this.files.set(file.name, born);
    this.count("uploads");
    return born;
  }

  /** Whoever is told the same twice must be told the same. */
  acknowledge(file: SentFile, said: FileRecord): void {
    const known = file.acknowledged;
    if (known === undefined) {
      file.acknowledged = said;
      this.count("acknowledged");
    }
    if (known !== undefined && known.id !== said.id && file.sessionIds.size === 1)
      this.wrong(`6: ${file.name} was said to be file ${known.id}, then ${said.id}`);
    if (said.size !== file.size)
      this.wrong(`1: ${file.name} was said to have ${said.size} bytes of ${file.size}`);
    for (const sessionId of file.saidAborted)
      if (file.sessionIds.size === 1)
        this.wrong(`7: ${file.name} was said to be stored, and session ${sessionId} to be aborted`);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  wrong(violation: string): void {
    if (this.violations.includes(violation)) return;
    this.violations.push(violation);
    say(`VIOLATION ${violation}`);
  }
}

export function bytesOf({ size, seed }: Pick<SentFile, "size" | "seed">): Uint8Array<ArrayBuffer> {
  return wavBytes(size, seed);
}
