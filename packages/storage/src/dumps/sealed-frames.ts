import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { TAG_LENGTH } from "../providers/aes-gcm.ts";
import type { ByteQueue } from "./byte-queue.ts";
import { changed, truncated } from "./dump-header.ts";

/** Of what is sealed; only the last frame may have fewer, and has at least one unless there is nothing at all. */
export const FRAME_BYTES = 64 * 1024;
const SEALED_BYTES = FRAME_BYTES + TAG_LENGTH;

/**
 * The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse
 * Misuse-Resistance", 2015), over AES-256-GCM: a frame's nonce is its number and whether it is the last one, under a key that
 * belongs to one stream alone. So frames open at their place only, and the end is known for the end.
 */
interface FrameKey {
  dataKey: Buffer;
  /** What stands before the frames, to which each of them is bound. */
  head: Buffer;
}

export async function* sealFrames(queue: ByteQueue, { dataKey, head }: FrameKey): AsyncGenerator<Buffer> {
  const context = digest(head);
  for (let number = 0; ; number++) {
    // One more than fits tells that this frame is not the last one.
    const there = await queue.fill(FRAME_BYTES + 1);
    const isLast = there <= FRAME_BYTES;
    const cipher = createCipheriv("aes-256-gcm", dataKey, nonceOf(number, isLast), {
      authTagLength: TAG_LENGTH,
    });
    cipher.setAAD(context);
    const plain = queue.take(Math.min(there, FRAME_BYTES));
    yield Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    if (isLast) return;
  }
}

/**
 * Each frame as soon as it is proved; the last one only when it is proved to be the last.
 *
 * @throws {OperatorError} `dump_truncated` if the end is missing, `dump_changed` for anything else that is not as it was sealed.
 */
export async function* openFrames(queue: ByteQueue, { dataKey, head }: FrameKey): AsyncGenerator<Buffer> {
  const context = digest(head);
  const open = (sealed: Buffer, nonce: Buffer): Buffer => {
    const decipher = createDecipheriv("aes-256-gcm", dataKey, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(context);
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_LENGTH)), decipher.final()]);
  };
  for (let number = 0; ; number++) {
    const there = await queue.fill(SEALED_BYTES + 1);
    const isLast = there <= SEALED_BYTES;
    if (there < TAG_LENGTH) throw truncated();
    const sealed = queue.take(Math.min(there, SEALED_BYTES));
    let plain: Buffer;
    try {
      plain = open(sealed, nonceOf(number, isLast));
    } catch (cause) {
      throw isLast && opensAsMiddle() ? truncated() : changed(cause);
    }
    yield plain;
    if (isLast) return;

    /** Then more frames came after it once. One that was cut into does not tell. */
    function opensAsMiddle(): boolean {
      if (sealed.length < SEALED_BYTES) return false;
      try {
        open(sealed, nonceOf(number, false));
        return true;
      } catch {
        return false;
      }
    }
  }
}

function digest(head: Buffer): Buffer {
  return createHash("sha256").update(head).digest();
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 3);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
