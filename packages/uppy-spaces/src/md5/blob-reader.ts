import { freeBytes } from "./free-bytes.ts";
import { unlessStuck } from "./unless-stuck.ts";

/** Bytes handed over at a time. */
const WINDOW_SIZE = 1024 * 1024;
/** The same where each window is a reading of its own, which costs so much that there had better be few. */
const LARGE_WINDOW_SIZE = 4 * 1024 * 1024;
/** How often a blob is opened anew of which a read does not end: the browser may have lost that, or the disk may be gone. */
const MOST_REOPENED = 2;

/** Reads a blob from its beginning to its end. */
export interface BlobReader {
  /**
   * The next bytes, at most until the next call: then others are written over them, or their memory is freed. Not to be called at the end.
   *
   * @throws When the blob can no longer be read, or is shorter than it was, or when reads of it do not end.
   */
  next: () => Promise<Uint8Array<ArrayBuffer>>;
  close: () => void;
}

export function openBlobReader(blob: Blob): BlobReader {
  let reader = openOnce(blob);
  let offset = 0;
  let reopened = 0;
  return {
    next: async () => {
      for (;;) {
        const window = await unlessStuck(reader.next());
        if (window !== null) {
          offset += window.length;
          return window;
        }
        if (reopened === MOST_REOPENED) throw new Error("Reading the file does not end");
        reopened += 1;
        reader.close();
        reader = openOnce(blob.slice(offset));
      }
    },
    close: () => reader.close(),
  };
}

function openOnce(blob: Blob): BlobReader {
  const reader = blob.size <= WINDOW_SIZE ? null : openStream(blob);
  return reader === null ? inSlices(blob) : streamed(blob, reader);
}

/**
 * Streams that are being read. Nothing else holds on to them: Chromium's garbage collector takes a stream away while a read of it is
 * pending, which then never ends.
 */
const open = new Set<ReadableStreamBYOBReader>();

/** Windows of readers that are closed: as many as ever read side by side. Fresh memory costs the processor more than reading into it does. */
const spare: ArrayBuffer[] = [];

/** Not every browser reads blobs into memory that it is given. */
function openStream(blob: Blob): ReadableStreamBYOBReader | null {
  try {
    return blob.stream().getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

function streamed(blob: Blob, reader: ReadableStreamBYOBReader): BlobReader {
  let offset = 0;
  let window = spare.pop();
  open.add(reader);
  return {
    next: async () => {
      const size = Math.min(WINDOW_SIZE, blob.size - offset);
      // Detached by each read, which hands it back under another name; lost where one fails.
      let buffer = window ?? new ArrayBuffer(WINDOW_SIZE);
      window = undefined;
      let read = 0;
      while (read < size) {
        const { value, done } = await reader.read(new Uint8Array(buffer, read, size - read));
        if (done) throw shorter();
        buffer = value.buffer;
        read += value.byteLength;
      }
      window = buffer;
      offset += size;
      return new Uint8Array(buffer, 0, size);
    },
    close: () => {
      open.delete(reader);
      reader.cancel().catch(() => {}); // It may have failed already, which was said.
      if (window !== undefined) spare.push(window);
    },
  };
}

function inSlices(blob: Blob): BlobReader {
  let offset = 0;
  let last: ArrayBuffer | null = null;
  const freeLast = () => {
    if (last !== null) freeBytes(last);
    last = null;
  };
  return {
    next: async () => {
      freeLast();
      const slice = blob.size <= LARGE_WINDOW_SIZE ? blob : blob.slice(offset, offset + LARGE_WINDOW_SIZE);
      last = await slice.arrayBuffer();
      if (last.byteLength !== slice.size) throw shorter();
      offset += last.byteLength;
      return new Uint8Array(last);
    },
    close: freeLast,
  };
}

function shorter(): Error {
  return new Error("The file is shorter than it was");
}
