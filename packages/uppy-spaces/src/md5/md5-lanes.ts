import { buildMd5Module } from "./md5-wasm.ts";

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

/** One stream costs as much as four: each step of MD5 waits for the one before. */
const LANE_COUNT = 4;
/** Bytes of one lane that are hashed at a time: four of them fit the cache of a core. */
export const LANE_BUFFER_SIZE = 64 * 1024;
export const BLOCK_SIZE = 64;

/** Room for the padding behind a full buffer, and an offset that keeps the lanes off the same cache lines. */
const LANE_STRIDE = LANE_BUFFER_SIZE + 3 * BLOCK_SIZE;
const FIRST_LANE = 1024;
const MD5_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

/** Takes `blocks` blocks of every lane; a lane that has nothing is given another's bytes and its result thrown away. */
type HashBlocks = (lane0: number, lane1: number, lane2: number, lane3: number, blocks: number) => void;

export class Md5Lanes implements Md5 {
  readonly laneCount = LANE_COUNT;
  readonly #bytes: Uint8Array;
  /** Word w of lane n is at `4 * w + n`: the order in which vector registers want it. */
  readonly #words: Uint32Array;
  readonly #hash: HashBlocks;

  /** @throws {Error} Where WebAssembly or its vector instructions are refused (an old browser, or a strict CSP). */
  constructor() {
    const bytes = FIRST_LANE + LANE_COUNT * LANE_STRIDE;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(buildMd5Module()), { env: { memory } });
    // The one export of the module that was built a line above.
    this.#hash = instance.exports.hash as HashBlocks;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer, 0, 4 * LANE_COUNT);
  }

  buffer(lane: number): Uint8Array {
    const start = FIRST_LANE + lane * LANE_STRIDE;
    return this.#bytes.subarray(start, start + LANE_STRIDE);
  }

  reset(lane: number): void {
    for (const [word, value] of MD5_START.entries()) this.#words[4 * word + lane] = value;
  }

  hash(lanes: readonly number[], blocks: number): void {
    const [spare] = lanes;
    if (spare === undefined || blocks === 0) return;
    const kept = this.#words.slice();
    const start = (lane: number) => FIRST_LANE + (lanes.includes(lane) ? lane : spare) * LANE_STRIDE;
    this.#hash(start(0), start(1), start(2), start(3), blocks);
    for (let lane = 0; lane < LANE_COUNT; lane += 1) {
      if (lanes.includes(lane)) continue;
      for (let word = 0; word < 4; word += 1) this.#words[4 * word + lane] = kept[4 * word + lane] ?? 0;
    }
  }

  digest(lane: number): Uint8Array {
    const digest = new DataView(new ArrayBuffer(16));
    for (let word = 0; word < 4; word += 1)
      digest.setUint32(4 * word, this.#words[4 * word + lane] ?? 0, true);
    return new Uint8Array(digest.buffer);
  }
}
