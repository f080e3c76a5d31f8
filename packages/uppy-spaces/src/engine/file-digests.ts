import { sha256 } from "@noble/hashes/sha2.js";
import { freeBytes } from "../md5/free-bytes.ts";
import { toHex } from "./bytes-as-text.ts";

/** Bytes read and hashed at a time: some eight milliseconds, which a page that has no worker can spare between frames. */
const WINDOW_SIZE = 1024 * 1024;

/** SHA-256 of one whole file, worked out while its parts are sent. */
export interface FileDigest {
  /** Bytes before this offset have just been read by somebody, so that the system still has them in memory. */
  follow: (upTo: number) => void;
  /** All of the file, where somebody has it in memory. */
  take: (whole: ArrayBuffer) => void;
  /** Hexadecimal; `null` while it is not known. */
  hex: () => string | null;
  close: () => void;
}

interface Course {
  blob: Blob;
  hash: ReturnType<typeof sha256.create>;
  offset: number;
  upTo: number;
  /** Whether it goes without. */
  isLeft: boolean;
  hex: string | null;
}

/**
 * Works behind the parts: one window of one file at a time, and never so that an upload waits for it. Sending a file says its MD5 part by
 * part; this says it whole, in the form in which other programs ask for it.
 *
 * @param options.mayWork Whether the processor can be spared: on links so fast that it is what limits them, a file goes without.
 */
export function createFileDigests(options: { mayWork: () => boolean }): (blob: Blob) => FileDigest {
  const waiting = new Set<Course>();
  let isRunning = false;

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    for (let [course] = waiting; course !== undefined; [course] = waiting) {
      try {
        await work(course);
      } catch {
        waiting.delete(course); // Whoever sends the file says that it can no longer be read.
        course.isLeft = true;
      }
    }
    isRunning = false;
  };

  const work = async (course: Course) => {
    const { blob, offset, upTo } = course;
    const bytes = await blob.slice(offset, Math.min(upTo, offset + WINDOW_SIZE)).arrayBuffer();
    if (bytes.byteLength === 0) throw new Error("The file is shorter than it was");
    // Closed meanwhile; a retry goes on from the same offset.
    if (!waiting.has(course)) return freeBytes(bytes);
    course.hash.update(new Uint8Array(bytes));
    course.offset += bytes.byteLength;
    freeBytes(bytes); // And with it its length.
    if (course.offset < course.upTo) return;
    waiting.delete(course);
    if (course.offset === blob.size) course.hex = toHex(course.hash.digest());
  };

  return (blob) => {
    const course: Course = { blob, hash: sha256.create(), offset: 0, upTo: 0, isLeft: false, hex: null };
    return {
      follow: (upTo) => {
        if (course.isLeft || course.hex !== null || upTo <= course.upTo) return;
        // For good: what would be caught up on later is read from the disk, while others are fast.
        course.isLeft = !options.mayWork();
        if (course.isLeft) return;
        course.upTo = upTo;
        waiting.add(course);
        void run();
      },
      take: (whole) => {
        if (whole.byteLength !== blob.size) return;
        waiting.delete(course);
        course.upTo = blob.size;
        course.hex = toHex(sha256(new Uint8Array(whole)));
      },
      hex: () => course.hex,
      close: () => void waiting.delete(course),
    };
  };
}
