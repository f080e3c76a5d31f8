import { _SHA256 as Sha256 } from "@noble/hashes/sha2.js";
import { freeBytes } from "../md5/free-bytes.ts";
import { unlessStuck } from "../md5/unless-stuck.ts";
import { toHex } from "./bytes-as-text.ts";
import type { LinkSpeed } from "./link-speed.ts";

/** Bytes read and hashed at a time: some eight milliseconds, which a page that has no worker can spare between frames. */
const WINDOW_SIZE = 1024 * 1024;

/** A file that is no larger is through before the link's speed is known, and costs no more than a tenth of a second. */
const WORTH_UNKNOWN = 10 * 1024 * 1024;

/** SHA-256 of one whole file, worked out while its parts are sent. */
export interface FileDigest {
  /** Bytes before this offset have just been read by somebody, so that the system still has them in memory. */
  follow: (upTo: number) => void;
  /** What somebody has in memory: of use where that is all of the file. */
  take: (whole: Uint8Array) => void;
  /** Hexadecimal; `null` while it is not known. */
  hex: () => string | null;
  close: () => void;
}

interface Course {
  blob: Blob;
  hash: Sha256;
  offset: number;
  upTo: number;
  /** Whether it goes without. */
  isLeft: boolean;
  hex: string | null;
}

export interface FileDigests {
  of: (blob: Blob) => FileDigest;
  /** To be called when the verdict on the link is another than before. */
  speedChanged: () => void;
}

/**
 * Works behind the parts: one window of one file at a time, and never so that an upload waits for it. Sending a file says its MD5 part by
 * part; this says it whole, in the form in which other programs ask for it. On links so fast that the processor is what limits
 * uploads, a file goes without, and a large one waits until that is known.
 */
export function createFileDigests({ speed }: { speed: Pick<LinkSpeed, "verdict"> }): FileDigests {
  const waiting = new Set<Course>();
  let isRunning = false;

  const mayWork = ({ blob }: Course) => speed.verdict === "slow" || blob.size <= WORTH_UNKNOWN;

  const leave = (course: Course) => {
    waiting.delete(course);
    course.isLeft = true;
  };

  const next = () => {
    for (const course of waiting) if (mayWork(course)) return course;
    return undefined;
  };

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    for (let course = next(); course !== undefined; course = next()) {
      try {
        await work(course);
      } catch {
        leave(course); // Whoever sends the file says that it can no longer be read.
      }
    }
    isRunning = false;
  };

  const work = async (course: Course) => {
    const { blob, offset, upTo } = course;
    const window = blob.slice(offset, Math.min(upTo, offset + WINDOW_SIZE));
    const bytes = await unlessStuck(window.arrayBuffer());
    if (!bytes?.byteLength) return leave(course);
    // Closed meanwhile; a retry goes on from the same offset.
    if (!waiting.has(course)) return freeBytes(bytes);
    course.hash.update(new Uint8Array(bytes));
    course.offset += bytes.byteLength;
    freeBytes(bytes); // And with it its length.
    if (course.offset < course.upTo) return;
    waiting.delete(course);
    if (course.offset === blob.size) course.hex = toHex(course.hash.digest());
  };

  const of = (blob: Blob): FileDigest => {
    const course: Course = { blob, hash: new Sha256(), offset: 0, upTo: 0, isLeft: false, hex: null };
    return {
      follow: (upTo) => {
        if (course.isLeft || course.hex !== null || upTo <= course.upTo) return;
        course.isLeft = speed.verdict === "fast";
        if (course.isLeft) return;
        course.upTo = upTo;
        waiting.add(course);
        void run();
      },
      take: (whole) => {
        if (whole.byteLength !== blob.size) return;
        waiting.delete(course);
        course.upTo = blob.size;
        course.hex = toHex(new Sha256().update(whole).digest());
      },
      hex: () => course.hex,
      close: () => void waiting.delete(course),
    };
  };

  return {
    of,
    speedChanged: () => {
      if (speed.verdict === "slow") return void run();
      // For good: what would be caught up on later is read from the disk, while others are fast.
      for (const course of waiting) leave(course);
    },
  };
}
