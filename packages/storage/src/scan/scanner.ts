/** What a scanner may ask of a file. */
export interface ScannedFile {
  /** Bytes. */
  size: number;
  /** All of it from the beginning, piece by piece, as fast as they are taken. */
  read(): AsyncIterable<Uint8Array>;
}

export type ScanVerdict =
  | { outcome: "clean" }
  /** `name`: what it found, in the scanner's own words. */
  | { outcome: "infected"; name: string }
  /** It takes no more than `limit` bytes of a file, where that is known. */
  | { outcome: "too_large"; limit: number | undefined };

/** Somebody who can tell whether a file harms. */
export interface Scanner {
  /**
   * Safe to repeat. No more than a piece or two of the file is kept in memory.
   *
   * @throws {ScannerUnavailable} It cannot tell now: the file is given to it again later.
   */
  scan(file: ScannedFile, options: { signal: AbortSignal }): Promise<ScanVerdict>;
}

/** The scanner is away, busy, or did not say what became of a file. */
export class ScannerUnavailable extends Error {
  override readonly name = "ScannerUnavailable";
}

export interface Scanning {
  scanner: Scanner;
  /** What becomes of a file that is larger than the scanner takes; by default, `quarantine`. */
  tooLarge?: "quarantine" | "allow";
}
