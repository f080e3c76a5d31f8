import { MD5_ADDENDS, MD5_ROTATIONS, MD5_START, messageIndex } from "./md5-constants.ts";
import { BLOCK_SIZE, LANE_BUFFER_SIZE, type Md5 } from "./md5-lanes.ts";
import { padMd5 } from "./md5-padding.ts";

const ROTATIONS = Int32Array.from({ length: 64 }, (_, step) => MD5_ROTATIONS[step >> 4]?.[step & 3] ?? 0);
const INDEXES = Int32Array.from({ length: 64 }, (_, step) => messageIndex(step));

/** The same as `Md5Lanes`, one stream at a time and without WebAssembly, for browsers and policies that refuse that. */
export class Md5Scalar implements Md5 {
  readonly laneCount = 1;
  readonly #buffer = new Uint8Array(LANE_BUFFER_SIZE + 3 * BLOCK_SIZE);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #state = new Int32Array(4);
  readonly #message = new Int32Array(16);

  buffer(): Uint8Array {
    return this.#buffer;
  }

  reset(): void {
    this.#state.set(MD5_START);
  }

  hash(_lanes: readonly number[], blocks: number): void {
    for (let block = 0; block < blocks; block += 1) this.#hashBlock(block * BLOCK_SIZE);
  }

  digest(): Uint8Array {
    // Little-endian, as every processor is that browsers run on, and as `Md5Lanes` has it.
    return new Uint8Array(this.#state.slice().buffer);
  }

  #hashBlock(offset: number): void {
    const message = this.#message;
    for (let word = 0; word < 16; word += 1) message[word] = this.#view.getInt32(offset + 4 * word, true);
    const state = this.#state;
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (let step = 0; step < 64; step += 1) {
      const mixed =
        step < 16 ? d ^ (b & (c ^ d)) : step < 32 ? c ^ (d & (b ^ c)) : step < 48 ? b ^ c ^ d : c ^ (b | ~d);
      const sum = (a + mixed + (MD5_ADDENDS[step] ?? 0) + (message[INDEXES[step] ?? 0] ?? 0)) | 0;
      const rotation = ROTATIONS[step] ?? 0;
      const next = (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0;
      a = d;
      d = c;
      c = b;
      b = next;
    }
    for (const [word, change] of [a, b, c, d].entries()) state[word] = (state[word] ?? 0) + change;
  }
}

/** MD5 of a few bytes at once, such as the digests of some parts. */
export function md5Of(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  const md5 = new Md5Scalar();
  md5.reset();
  let offset = 0;
  for (; bytes.length - offset >= BLOCK_SIZE; offset += BLOCK_SIZE) {
    md5.buffer().set(bytes.subarray(offset, offset + BLOCK_SIZE));
    md5.hash([0], 1);
  }
  const tail = bytes.subarray(offset);
  md5.buffer().set(tail);
  md5.hash([0], padMd5(md5.buffer(), tail.length, bytes.length));
  return md5.digest();
}
