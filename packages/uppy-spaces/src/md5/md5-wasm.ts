import { MD5_ADDENDS, MD5_ROTATIONS, messageIndex } from "./md5-constants.ts";

/**
 * Assembles a WebAssembly module that hashes four streams side by side, one in each 32-bit lane of a vector register:
 * about four times the rate of hashing them one after another, which is what lets checksums keep up with a fast link.
 *
 * Imports `env.memory`, whose first 64 bytes are the state; exports `hash(lane0, lane1, lane2, lane3, blocks)`, addresses of
 * the four inputs and their common length in blocks of 64 bytes, at least 1. Written out here, and not as a binary, so that it can
 * be read; it takes less than a millisecond.
 */
export function buildMd5Module(): Uint8Array<ArrayBuffer> {
  const type = [1, 0x60, 5, I32, I32, I32, I32, I32, 0];
  const memoryImport = [1, ...name("env"), ...name("memory"), 2, 0, 1];
  const body = [1, ...unsigned(LOCALS), V128, ...hashCode(), 0x0b];
  return new Uint8Array([
    ...MAGIC_AND_VERSION,
    ...section(1, type),
    ...section(2, memoryImport),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("hash"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const V128 = 0x7b;

// Locals: 0–3 addresses, 4 blocks left, then vectors.
const BLOCKS_LEFT = 4;
const STATE = [5, 6, 7, 8] as const;
const STATE_BEFORE = 9;
const MESSAGE = 13;
const ROW = 29;
const LOCALS = ROW + 4 - STATE[0];

const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
};
const signed = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
};
const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];

const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const tee = (local: number): number[] => [0x22, ...unsigned(local)];
const i32 = (value: number): number[] => [0x41, ...signed(value)];
const I32_ADD = [0x6a];
const I32_SUB = [0x6b];
const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const load = (align: number, offset: number): number[] => [...vector(0), align, ...unsigned(offset)];
const store = (offset: number): number[] => [...vector(11), 4, ...unsigned(offset)];
const NOT = vector(77);
const AND = vector(78);
const AND_NOT = vector(79);
const OR = vector(80);
const XOR = vector(81);
const SHIFT_LEFT = vector(0xab);
const SHIFT_RIGHT = vector(0xad);
const ADD = vector(0xae);
const inAllLanes = (value: number): number[] => {
  const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
  return [...vector(12), ...bytes, ...bytes, ...bytes, ...bytes];
};
/** Picks four 32-bit words; 0–3 of the first operand, 4–7 of the second. */
const pick = (...words: [number, number, number, number]): number[] => [
  ...vector(13),
  ...words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
];

function hashCode(): number[] {
  const code: number[] = [];
  for (const [word, local] of STATE.entries()) code.push(...i32(0), ...load(4, 16 * word), ...set(local));
  code.push(0x03, 0x40); // loop
  for (const [word, local] of STATE.entries()) code.push(...get(local), ...set(STATE_BEFORE + word));
  for (let quarter = 0; quarter < 4; quarter += 1) code.push(...loadMessage(quarter));
  for (let step = 0; step < 64; step += 1) code.push(...stepCode(step));
  for (const [word, local] of STATE.entries())
    code.push(...get(local), ...get(STATE_BEFORE + word), ...ADD, ...set(local));
  for (let lane = 0; lane < 4; lane += 1) code.push(...get(lane), ...i32(64), ...I32_ADD, ...set(lane));
  code.push(...get(BLOCKS_LEFT), ...i32(1), ...I32_SUB, ...tee(BLOCKS_LEFT), 0x0d, 0, 0x0b); // br_if, end
  for (const [word, local] of STATE.entries()) code.push(...i32(0), ...get(local), ...store(16 * word));
  return code;
}

/** Reads 16 bytes of each stream and turns rows into columns: one register a message word, one lane a stream. */
function loadMessage(quarter: number): number[] {
  const code: number[] = [];
  const word = (index: number) => MESSAGE + 4 * quarter + index;
  for (let lane = 0; lane < 4; lane += 1)
    code.push(...get(lane), ...load(0, 16 * quarter), ...set(ROW + lane));
  const merge = (first: number, second: number, picked: number[], to: number) =>
    code.push(...get(first), ...get(second), ...picked, ...set(to));
  merge(ROW, ROW + 1, pick(0, 4, 1, 5), word(0));
  merge(ROW + 2, ROW + 3, pick(0, 4, 1, 5), word(1));
  merge(ROW, ROW + 1, pick(2, 6, 3, 7), word(2));
  merge(ROW + 2, ROW + 3, pick(2, 6, 3, 7), word(3));
  merge(word(0), word(1), pick(0, 1, 4, 5), ROW);
  merge(word(0), word(1), pick(2, 3, 6, 7), ROW + 1);
  merge(word(2), word(3), pick(0, 1, 4, 5), ROW + 2);
  merge(word(2), word(3), pick(2, 3, 6, 7), ROW + 3);
  for (let index = 0; index < 4; index += 1) code.push(...get(ROW + index), ...set(word(index)));
  return code;
}

function stepCode(step: number): number[] {
  // The four state words take turns instead of being moved.
  const role = (offset: number) => STATE[(offset - step + 64) & 3] ?? STATE[0];
  const [a, b, c, d] = [role(0), role(1), role(2), role(3)];
  const round = step >> 4;
  const rotation = MD5_ROTATIONS[round]?.[step & 3] ?? 0;
  const sum = [get(a), get(MESSAGE + messageIndex(step)), ADD, inAllLanes(MD5_ADDENDS[step] ?? 0), ADD];
  const left = [tee(a), i32(rotation), SHIFT_LEFT];
  const right = [get(a), i32(32 - rotation), SHIFT_RIGHT];
  return [...sum, mixCode(round, b, c, d), ...left, ...right, OR, get(b), ADD, set(a)].flat();
}

/** Adds the round's function of b, c, d to what is on the stack, with `b`, the word known last, as late as possible. */
function mixCode(round: number, b: number, c: number, d: number): number[] {
  switch (round) {
    case 0:
      return [...get(d), ...get(b), ...get(c), ...get(d), ...XOR, ...AND, ...XOR, ...ADD];
    case 1:
      return [...get(c), ...get(d), ...AND_NOT, ...ADD, ...get(b), ...get(d), ...AND, ...ADD];
    case 2:
      return [...get(c), ...get(d), ...XOR, ...get(b), ...XOR, ...ADD];
    default:
      return [...get(d), ...get(b), ...AND_NOT, ...NOT, ...get(c), ...XOR, ...ADD];
  }
}
