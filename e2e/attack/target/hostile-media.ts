import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";

export interface HostileFile {
  /** For people. */
  what: string;
  name: string;
  contentType: string;
  bytes: Buffer;
}

const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ["audio_file", ["mp3", "wav", "m4a", "flac", "ogg", "opus"]],
  ["avatar", ["png", "jpg", "webp", "gif"]],
  ["document", ["pdf", "txt", "docx", "md", "json", "csv"]],
  ["export_file", ["zip", "gz", "srt", "vtt"]],
  ["backup", ["dump", "enc"]],
];
const fixtures = [
  "chord.mp3",
  "chord-with-cover.mp3",
  "chord.wav",
  "chord.m4a",
  "chord.flac",
  "chord.ogg",
  "chord.opus",
].map((name) => ({
  extension: name.split(".")[1] ?? "",
  bytes: readFileSync(join(import.meta.dirname, "../../fixtures", name)),
}));
const PAGES = [
  "<!doctype html><script>alert(document.domain)</script>",
  '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
  "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
  "*/=1;alert(1);/*",
  "<?php system($_GET[0]); ?>",
].map((page) => Buffer.from(page));
/** What each kind of picture, archive or page begins with. */
const HEADS = {
  png: "89504e470d0a1a0a0000000d49484452ffffffffffffffff",
  jpg: "ffd8ffe000104a464946",
  gif: "474946383961",
  webp: "52494646ffffffff57454250",
  pdf: "255044462d312e37",
  zip: "504b0304",
  gz: "1f8b08",
  mz: "4d5a",
  elf: "7f454c46",
};
const head = (name: keyof typeof HEADS) => Buffer.from(HEADS[name], "hex");
const repeat = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** Files whose own lengths and counts lead nowhere, in circles or very far. */
const LIARS: readonly (readonly [string, () => Buffer])[] = [
  ["ID3 tag of 256 MB", () => Buffer.concat([hex("494433 0300 00 7f7f7f7f"), randomBytes(500)])],
  ["a thousand ID3 tags", () => repeat(hex("494433 0300 00 00000000"), 1000)],
  [
    "ID3 tag of a page",
    () =>
      Buffer.concat([
        hex("494433 0300 00 00000150"),
        repeat(PAGES[0] ?? Buffer.alloc(0), 4),
        Buffer.alloc(400),
      ]),
  ],
  ["sync words only", () => Buffer.alloc(20_000, 0xff)],
  ["MPEG frames of length 0", () => repeat(hex("fffb0000"), 4000)],
  [
    "RIFF of 4 GiB",
    () => Buffer.concat([hex("52494646 ffffffff 57415645 666d7420 ffffffff"), randomBytes(300)]),
  ],
  ["RIFF of nothing", () => hex("52494646 00000000 57415645")],
  ["MP4 atom of length 0", () => repeat(hex("00000000 66747970"), 500)],
  ["MP4 atom in itself", () => hex("00000001 66747970 0000000000000000 4d344120")],
  ["MP4 atom of 2^63 bytes", () => hex("00000001 66747970 7fffffffffffffff 4d344120 00000000")],
  ["FLAC without end", () => Buffer.concat([hex("664c6143"), repeat(hex("04ffffff"), 3000)])],
  [
    "Ogg pages of nothing",
    () => repeat(hex("4f676753 00 02 0000000000000000 00000000 00000000 00000000 00"), 400),
  ],
  [
    "Ogg page of 255 segments",
    () =>
      Buffer.concat([
        hex("4f676753 00 02 0000000000000000 00000000 00000000 00000000 ff"),
        Buffer.alloc(255, 255),
      ]),
  ],
  [
    "ASF header of length 0",
    () => Buffer.concat([hex("3026b2758e66cf11a6d900aa0062ce6c"), Buffer.alloc(64)]),
  ],
  [
    "EBML of endless size",
    () => Buffer.concat([hex("1a45dfa3 01ffffffffffffff 4282 01ffffffffffffff"), Buffer.alloc(200, 0xec)]),
  ],
  ["TIFF directory in a circle", () => hex("49492a00 08000000 0100 0001 0300 01000000 00000000 08000000")],
  ["PNG chunk of 4 GiB", () => Buffer.concat([hex("89504e470d0a1a0a ffffffff 49444154"), randomBytes(100)])],
  [
    "ZIP of a thousand empty names",
    () => repeat(hex("504b0304 14000000 0800 00000000 00000000 00000000 00000000 0000 0000"), 1000),
  ],
  ["text of NULs", () => Buffer.alloc(4000)],
  ["one byte", () => Buffer.from([0])],
];

const pick = <T>(list: readonly T[]): T => {
  const chosen = list[randomInt(list.length)];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
};

const BOMBS: readonly (readonly [string, (zeros: Buffer) => Buffer])[] = [
  ["gzip", (zeros) => gzipSync(zeros)],
  ["gzip in gzip", (zeros) => gzipSync(gzipSync(zeros))],
  ["ZIP", (zeros) => zipOf(zeros)],
  ["ZIP in ZIP", (zeros) => zipOf(zipOf(zeros))],
];
/** Packed once: that is what takes time. */
const bombs = new Map<string, Buffer>();

const MAKERS: readonly (() => { what: string; extension?: string; bytes: Buffer })[] = [
  () => {
    const { extension, bytes } = pick(fixtures);
    const length = pick([1, 2, 4, 8, 12, 44, 100, 1000, randomInt(1, bytes.length)]);
    return { what: `truncated ${extension}`, extension, bytes: bytes.subarray(0, length) };
  },
  () => {
    const { extension, bytes } = pick(fixtures);
    const fuzzed = Buffer.from(bytes.subarray(0, 30_000));
    const reach = pick([64, 1000, fuzzed.length]);
    for (let index = randomInt(1, 60); index > 0; index--) fuzzed[randomInt(reach)] = randomInt(256);
    return { what: `fuzzed ${extension}`, extension, bytes: fuzzed };
  },
  () => {
    const { extension, bytes } = pick(fixtures);
    const both = pick([
      [bytes, pick(PAGES)],
      [pick(PAGES), bytes],
    ]);
    return { what: `polyglot of ${extension} and a page`, extension, bytes: Buffer.concat(both) };
  },
  () => {
    const [first, second] = [pick(Object.keys(HEADS)), pick(Object.keys(HEADS))] as (keyof typeof HEADS)[];
    const bytes = Buffer.concat([
      head(first ?? "png"),
      pick(PAGES),
      head(second ?? "zip"),
      pick(fixtures).bytes.subarray(0, 5000),
    ]);
    return { what: `polyglot of ${first}, a page and ${second}`, extension: first ?? "png", bytes };
  },
  () => {
    const [what, pack] = pick(BOMBS);
    const size = pick([1, 32]) * 1024 ** 2;
    const name = `${what} of ${size} zeros`;
    const bytes = bombs.get(name) ?? pack(Buffer.alloc(size));
    bombs.set(name, bytes);
    return { what: name, bytes };
  },
  () => {
    const [what, make] = pick(LIARS);
    return { what, bytes: make() };
  },
  () => ({ what: "noise", bytes: randomBytes(randomInt(1, 20_000)) }),
];

/** Truncated, fuzzed, polyglot, bombs under another name, and liars; under any name that is taken, other ones each time. */
export function hostileMedia(count: number): HostileFile[] {
  return Array.from({ length: count }, (_, index) => {
    const { what, extension, bytes } = (MAKERS[index % MAKERS.length] ?? pick(MAKERS))();
    const own = KINDS.find(([, extensions]) => extensions.includes(extension ?? ""));
    const isItself = own !== undefined && randomInt(2) === 0;
    const [contentType, extensions] = isItself ? own : pick(KINDS);
    return { what, contentType, name: `hostile.${isItself ? extension : pick(extensions)}`, bytes };
  });
}

/** A ZIP of one entry, whose length nobody has to believe. */
function zipOf(content: Buffer): Buffer {
  const packed = deflateRawSync(content, { level: 9 });
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32LE(packed.length, 0);
  sizes.writeUInt32LE(content.length, 4);
  const entry = Buffer.concat([
    hex("504b0304 1400 0000 0800 0000 0000 00000000"),
    sizes,
    hex("0100 0000"),
    Buffer.from("a"),
    packed,
  ]);
  const directory = Buffer.concat([
    hex("504b0102 1400 1400 0000 0800 0000 0000 00000000"),
    sizes,
    hex("0100 0000 0000 0000 0000 00000000 00000000"),
    Buffer.from("a"),
  ]);
  const end = Buffer.concat([hex("504b0506 0000 0000 0100 0100"), Buffer.alloc(8), hex("0000")]);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(entry.length, 16);
  return Buffer.concat([entry, directory, end]);
}
