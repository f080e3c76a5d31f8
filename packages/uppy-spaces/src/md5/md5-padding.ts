import { BLOCK_SIZE } from "./md5-lanes.ts";

/**
 * RFC 1321: a one bit, zeros, the length in bits.
 *
 * @param length Bytes of the message in the buffer, less than a block; `total` all its bytes.
 * @returns How many blocks that makes.
 */
export function padMd5(buffer: Uint8Array, length: number, total: number): number {
  const blocks = length + 9 > BLOCK_SIZE ? 2 : 1;
  const end = blocks * BLOCK_SIZE;
  buffer.fill(0, length, end);
  buffer[length] = 0x80;
  new DataView(buffer.buffer, buffer.byteOffset).setBigUint64(end - 8, BigInt(8 * total), true);
  return blocks;
}
