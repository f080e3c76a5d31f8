import { partAt } from "@audiotricks/protocol";
import { toHex } from "./bytes-as-text.ts";
import type { FileDigest } from "./file-digests.ts";
import { failUnreadable } from "./file-failures.ts";
import type { FileWork } from "./file-work.ts";
import type { ReadyPart } from "./lane-scheduler.ts";
import { nextParts } from "./next-parts.ts";
import { PartChecksums } from "./part-checksums.ts";
import { isElsewhere, type SessionPlan, type Transfer, transferOf } from "./upload-machine.ts";
import { type Cut, firstParts, guessCut } from "./upload-source.ts";
import { proofOfWhole } from "./whole-proof.ts";

/** Parts proved at once: as many as the worker hashes side by side. */
const PROOFS_AT_ONCE = 8;
/** Parts hashed before there is a session: one for every connection that a browser opens, so that none waits once there is. */
const HASHED_UNASKED = 8;

/** Reads one file: for the MD5 of parts that are to be sent, or that are at the store and to be proved, and for SHA-256 behind that. */
export class FileReading {
  /** Of a `File`, every slice asks the browser's other process for its date, more than a millisecond each; of a `Blob`, none does. */
  readonly whole: Blob;
  readonly checksums: PartChecksums;
  readonly #file: FileWork;
  /** How the companion is likely to cut it. */
  readonly #guess: Cut | null;
  readonly #digest: FileDigest;
  /** MD5 of every part that is stored, as this file has it: what the whole must turn out to be. */
  readonly #stored = new Map<number, Uint8Array>();
  /** The first part that nobody has read yet, of those in order. */
  #unread = 1;

  constructor(file: FileWork) {
    this.#file = file;
    this.whole = file.source.blob.slice();
    this.checksums = new PartChecksums(file.context);
    this.#guess = guessCut(file.source);
    this.#digest = file.context.digestOf(this.whole);
  }

  slice(cut: Cut, partNumber: number): Blob {
    const { offset, size } = partAt({ ...cut, partNumber });
    return Object.assign(this.whole.slice(offset, offset + size), { id: this.#file.source.id, offset });
  }

  /** Parts cut otherwise than was guessed, or to be proved rather than sent, are hashed anew. */
  planned({ partSize }: SessionPlan, isAnyStored: boolean): void {
    if (partSize !== this.#guess?.partSize || isAnyStored) this.checksums.clear();
  }

  /** The next parts that need a checksum; while the companion is asked for a session, the first ones. */
  partsToHash(most: number): ReadyPart[] {
    const ready = (partNumber: number) =>
      this.checksums.isMissing(partNumber) ? { partNumber, origin: "" } : null;
    const { state } = this.#file;
    if (state.status !== "creating") return nextParts(this.#file, most, ready);
    if (state.isPaused || state.wait !== null || isElsewhere(state)) return [];
    return firstParts(this.#guess, Math.min(most, HASHED_UNASKED)).flatMap(
      (partNumber) => ready(partNumber) ?? [],
    );
  }

  async hashPart(partNumber: number): Promise<void> {
    const cut = this.#cut();
    if (cut === null) return;
    const { context, source } = this.#file;
    try {
      const hashed = this.checksums.hash(partNumber, this.slice(cut, partNumber));
      await context.flights.during(source.id, "hashing", hashed);
      this.#digestBehind(partNumber);
    } catch (error) {
      failUnreadable(this.#file, error);
    }
    context.schedule();
  }

  /** Whether parts of an earlier page are of this file. */
  prove(transfer: Transfer): void {
    for (const [partNumber, etag] of transfer.unproven) {
      if (this.checksums.runningCount >= PROOFS_AT_ONCE) return;
      if (this.checksums.isMissing(partNumber)) void this.#proveOne(transfer, partNumber, etag);
    }
  }

  /** A file that was changed after it was picked fails in the browser like a broken network. */
  async canRead(cut: Cut, partNumber: number): Promise<boolean> {
    try {
      await this.slice(cut, partNumber).slice(0, 1).arrayBuffer();
      return true;
    } catch (error) {
      failUnreadable(this.#file, error);
      return false;
    }
  }

  partStored(partNumber: number): void {
    const digest = this.checksums.find(partNumber)?.digest;
    if (digest !== undefined) this.#stored.set(partNumber, digest);
  }

  /** What the companion is to hold the object against. */
  proof(plan: SessionPlan): { md5?: string; partsMd5?: string; sha256?: string } {
    const sha256 = this.#digest.hex();
    return { ...proofOfWhole(plan, this.#stored), ...(sha256 !== null && { sha256 }) };
  }

  /** Parts of which the store has other bytes than this file. */
  changedParts(etags: ReadonlyMap<number, string>): number[] {
    const changed = [...this.#stored].filter(([part, digest]) => etags.get(part) !== toHex(digest));
    return changed.map(([partNumber]) => partNumber);
  }

  leaveSession(): void {
    this.#stored.clear();
    this.#unread = 1;
  }

  /** Nothing more is read. */
  end(): void {
    this.#digest.close();
    this.checksums.clear();
  }

  #cut(): Cut | null {
    return transferOf(this.#file.state)?.plan ?? this.#guess;
  }

  async #proveOne(transfer: Transfer, partNumber: number, etag: string): Promise<void> {
    const { context, source, dispatch } = this.#file;
    try {
      const part = this.slice(transfer.plan, partNumber);
      const digest = await this.checksums.hash(partNumber, part);
      if (digest === null) return;
      this.checksums.drop(partNumber);
      this.#stored.set(partNumber, digest);
      this.#digestBehind(partNumber);
      if (toHex(digest) === etag) dispatch({ type: "part-proven", partNumber });
      else {
        context.log(`${source.name}: another file was begun, it is sent whole`);
        dispatch({ type: "other-file" });
      }
    } catch (error) {
      failUnreadable(this.#file, error);
    }
  }

  /** A part was read. */
  #digestBehind(partNumber: number): void {
    const cut = this.#cut();
    if (cut === null) return;
    const body = this.checksums.find(partNumber)?.body;
    if (body instanceof Uint8Array) this.#digest.take(body);
    while (this.checksums.has(this.#unread) || this.#stored.has(this.#unread)) this.#unread += 1;
    this.#digest.follow(Math.min((this.#unread - 1) * cut.partSize, cut.fileSize));
  }
}
