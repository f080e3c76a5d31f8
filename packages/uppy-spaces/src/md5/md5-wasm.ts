import { MD5_ADDENDS, MD5_ROTATIONS, messageIndex } from "./md5-constants.ts";

/** Streams in one vector register, one in each of its 32-bit lanes. */
export const GROUP = 4;
const GROUPS = 2;
/** Streams that are hashed side by side. */
export const LANE_COUNT = GROUP * GROUPS;

/**
 * Assembles a WebAssembly module that hashes eight streams side by side, which is what lets checksums keep up with a fast link. Four,
 * one in each 32-bit lane of a vector register, take no longer than one; and as each step of MD5 waits for the one before, two
 * such groups in turns take little longer than one.
 *
 * Imports `env.memory`, whose first 64 bytes for each group are the state; exports `hash(lane0, …, lane7, blocks)`, addresses of the
 * inputs and their common length in blocks of 64 bytes, at least 1. Written out here, and not as a binary, so that it can be read; it
 * takes a millisecond.
 */
export function buildMd5Module(): Uint8Array<ArrayBuffer> {
  const parameters = LANE_COUNT + 1;
  const type = [1, 0x60, parameters, ...Array<number>(parameters).fill(I32), 0];
  const memoryImport = [1, ...name("env"), ...name("memory"), 2, 0, 1];
  const body = [1, ...unsigned(VECTORS * GROUPS), V128, ...hashCode(), 0x0b];
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

// Locals: the addresses, blocks left, then 28 vectors for each group: state, state before, message, rows.
const BLOCKS_LEFT = LANE_COUNT;
const VECTORS = 28;
const firstOf = (group: number) => LANE_COUNT + 1 + VECTORS * group;
const STATE_BEFORE = 4;
const MESSAGE = 8;
const ROW = 24;
const QUARTER = [0, 1, 2, 3] as const;

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
const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];

const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const tee = (local: number): number[] => [0x22, ...unsigned(local)];
/** From 0 to 127, in two bytes, as the seventh bit of one would be a sign. */
const i32 = (value: number): number[] => [0x41, value | 0x80, 0];
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
  // Words of the state, of one group after the other.
  const words = Array.from({ length: 4 * GROUPS }, (_, index) => index);
  const local = (index: number) => firstOf(index >> 2) + (index & 3);
  const before = (index: number) => local(index) + STATE_BEFORE;
  for (const index of words) code.push(...i32(0), ...load(4, 16 * index), ...set(local(index)));
  code.push(0x03, 0x40); // loop
  for (const index of words) code.push(...get(local(index)), ...set(before(index)));
  for (const index of words) code.push(...loadMessage(index >> 2, index & 3));
  for (let step = 0; step < 64; step += 1)
    for (let group = 0; group < GROUPS; group += 1) code.push(...stepCode(group, step));
  for (const index of words)
    code.push(...get(local(index)), ...get(before(index)), ...ADD, ...set(local(index)));
  for (let lane = 0; lane < LANE_COUNT; lane += 1)
    code.push(...get(lane), ...i32(64), ...I32_ADD, ...set(lane));
  code.push(...get(BLOCKS_LEFT), ...i32(1), ...I32_SUB, ...tee(BLOCKS_LEFT), 0x0d, 0, 0x0b); // br_if, end
  for (const index of words) code.push(...i32(0), ...get(local(index)), ...store(16 * index));
  return code;
}

/** Reads 16 bytes of each stream and turns rows into columns: one register a message word, one lane a stream. */
function loadMessage(group: number, quarter: number): number[] {
  const code: number[] = [];
  const row = firstOf(group) + ROW;
  const word = (index: number) => firstOf(group) + MESSAGE + 4 * quarter + index;
  for (const lane of QUARTER)
    code.push(...get(GROUP * group + lane), ...load(0, 16 * quarter), ...set(row + lane));
  const merge = (first: number, second: number, picked: number[], to: number) =>
    code.push(...get(first), ...get(second), ...picked, ...set(to));
  for (const index of QUARTER) {
    const pair = row + 2 * (index & 1);
    const first = index & 2;
    merge(pair, pair + 1, pick(first, first + 4, first + 1, first + 5), word(index));
  }
  for (const index of QUARTER) {
    const pair = index & 2;
    const first = 2 * (index & 1);
    merge(word(pair), word(pair + 1), pick(first, first + 1, first + 4, first + 5), row + index);
  }
  for (const index of QUARTER) code.push(...get(row + index), ...set(word(index)));
  return code;
}

function stepCode(group: number, step: number): number[] {
  // The four state words take turns instead of being moved.
  const role = (offset: number) => firstOf(group) + ((offset - step + 64) & 3);
  const [a, b, c, d] = [role(0), role(1), role(2), role(3)];
  const round = step >> 4;
  const rotation = MD5_ROTATIONS[round]?.[step & 3] ?? 0;
  const word = firstOf(group) + MESSAGE + messageIndex(step);
  const sum = [get(a), get(word), ADD, inAllLanes(MD5_ADDENDS[step] ?? 0), ADD];
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
