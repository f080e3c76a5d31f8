import { MD5_START } from "./md5-constants.ts";
import { buildMd5Module, GROUP, LANE_COUNT } from "./md5-wasm.ts";

/** MD5 of several streams side by side; `Md5Lanes` by WebAssembly, `Md5Scalar` without. */
export interface Md5 {
  readonly laneCount: number;
  /** Where the caller puts the bytes of a lane: `LANE_BUFFER_SIZE`, and room for the padding of the last block. */
  buffer: (lane: number) => Uint8Array;
  reset: (lane: number) => void;
  /** Hashes the first `blocks` blocks of the buffers of these lanes; the others stay as they are. */
  hash: (lanes: readonly number[], blocks: number) => void;
  digest: (lane: number) => Uint8Array;
}

/** Bytes of one lane that are hashed at a time: all of them fit the cache of a core. */
export const LANE_BUFFER_SIZE = 64 * 1024;
export const BLOCK_SIZE = 64;

/** Room for the padding behind a full buffer, and an offset that keeps the lanes off the same cache lines. */
const LANE_STRIDE = LANE_BUFFER_SIZE + 3 * BLOCK_SIZE;
const FIRST_LANE = 1024;
const LANES = Array.from({ length: LANE_COUNT }, (_, lane) => lane);

/** Where a word of a lane's state is: in the order in which vector registers want it. */
const indexOf = (lane: number, word: number) =>
  4 * GROUP * Math.floor(lane / GROUP) + GROUP * word + (lane % GROUP);

export class Md5Lanes implements Md5 {
  readonly laneCount = LANE_COUNT;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #hash: (...lanesAndBlocks: number[]) => void;

  /** @throws {Error} Where WebAssembly or its vector instructions are refused (an old browser, or a strict CSP). */
  constructor() {
    const bytes = FIRST_LANE + LANE_COUNT * LANE_STRIDE;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(buildMd5Module()), { env: { memory } });
    // The one export of the module that was built a line above.
    this.#hash = instance.exports.hash as (...lanesAndBlocks: number[]) => void;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer, 0, 4 * LANE_COUNT);
  }

  buffer(lane: number): Uint8Array {
    const start = FIRST_LANE + lane * LANE_STRIDE;
    return this.#bytes.subarray(start, start + LANE_STRIDE);
  }

  reset(lane: number): void {
    for (const [word, value] of MD5_START.entries()) this.#words[indexOf(lane, word)] = value;
  }

  /** A lane that has nothing is given another's bytes, and its result thrown away. */
  hash(lanes: readonly number[], blocks: number): void {
    const [spare] = lanes;
    if (spare === undefined || blocks === 0) return;
    const kept = this.#words.slice();
    const has = (lane: number) => lanes.includes(lane);
    this.#hash(...LANES.map((lane) => FIRST_LANE + (has(lane) ? lane : spare) * LANE_STRIDE), blocks);
    for (const lane of LANES) {
      if (has(lane)) continue;
      for (let word = 0; word < 4; word += 1)
        this.#words[indexOf(lane, word)] = kept[indexOf(lane, word)] ?? 0;
    }
  }

  digest(lane: number): Uint8Array {
    const digest = Uint32Array.of(0, 1, 2, 3).map((word) => this.#words[indexOf(lane, word)] ?? 0);
    return new Uint8Array(digest.buffer);
  }
}
