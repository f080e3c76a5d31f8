import type { Keyring } from "../providers/keyring.ts";
import { createByteQueue } from "./byte-queue.ts";
import { type DumpAbout, type DumpHeader, openDataKey, readHeader, sealHeader } from "./dump-header.ts";
import { openFrames, sealFrames } from "./sealed-frames.ts";

/**
 * A dump as it is kept: what it is, in the open, then what `content` brings, sealed with a key of its own.
 *
 * @throws What `content` throws: then the end is not written, and what there is does not open.
 */
export async function* sealDump(
  content: AsyncIterable<Uint8Array>,
  about: DumpAbout,
  keyring: Keyring,
): AsyncGenerator<Buffer> {
  const { bytes: head, dataKey } = sealHeader(about, keyring[0]);
  const queue = createByteQueue(content);
  try {
    yield head;
    yield* sealFrames(queue, { dataKey, head });
  } finally {
    await queue.end();
  }
}

export interface OpenedDump {
  header: DumpHeader;
  /**
   * To be read once. Whatever comes of it was sealed by one of our keys at this place of this dump; only that nothing threw
   * proves that it is all of it. Errors as of `openFrames`.
   */
  content: AsyncGenerator<Buffer>;
}

/** @throws {OperatorError} `dump_unreadable`, `dump_truncated`, `dump_key_missing`, `dump_changed`; the source is let go then. */
export async function openDump(source: AsyncIterable<Uint8Array>, keyring: Keyring): Promise<OpenedDump> {
  const queue = createByteQueue(source);
  try {
    const { bytes: head, header, wrappedKey } = await readHeader(queue);
    const dataKey = openDataKey(header, wrappedKey, keyring);
    return { header, content: content() };

    async function* content(): AsyncGenerator<Buffer> {
      try {
        yield* openFrames(queue, { dataKey, head });
      } finally {
        await queue.end();
      }
    }
  } catch (error) {
    await queue.end();
    throw error;
  }
}

/** What a dump says of itself, without any key: nothing of it is proved. @throws As `readHeader`. */
export async function describeDump(source: AsyncIterable<Uint8Array>): Promise<DumpHeader> {
  const queue = createByteQueue(source);
  try {
    return (await readHeader(queue)).header;
  } finally {
    await queue.end();
  }
}
