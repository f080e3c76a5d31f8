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
  bytes: readFileSync(join(import.meta.dirname, "../../../e2e/fixtures", name)),
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
  ["WAV of 40 hours in 44 bytes", () => wavHead({ claimed: 0xff00_0000, rate: 29_000 })],
  [
    "RF64 of 2^63 bytes",
    () =>
      Buffer.concat([
        hex("52463634 ffffffff 57415645 64733634 1c000000"),
        Buffer.alloc(28, 0x7f),
        wavHead({ claimed: 0xffff_ffff }).subarray(12),
      ]),
  ],
  [
    "WAV of no channels at no rate",
    () => Buffer.concat([wavHead({ rate: 0, channels: 0, block: 0 }), randomBytes(200)]),
  ],
  [
    "lists in lists",
    () => nested(300, (inner) => chunk("LIST", Buffer.concat([Buffer.from("INFO"), inner])), "RIFF"),
  ],
  ["chunks of nothing", () => riff(repeat(chunk("JUNK", Buffer.alloc(0)), 8_000))],
  [
    "chunk of -1 bytes",
    () =>
      riff(Buffer.concat([Buffer.from("LIST"), hex("ffffffff"), Buffer.from("INFOINAM"), hex("ffffffff")])),
  ],
  [
    "WAV with an ID3 tag of 2 GiB",
    () =>
      riff(
        Buffer.concat([
          Buffer.from("id3 "),
          hex("ffffff7f"),
          hex("494433 0400 00 7f7f7f7f 54495432 7f7f7f7f 0000 03"),
        ]),
      ),
  ],
  ["ID3 frames of 256 MB", () => id3(repeat(hex("54495432 0fffffff 0000 00 41"), 200))],
  ["ID3 frames of nothing", () => id3(repeat(hex("54495432 00000000 0000"), 5_000))],
  [
    "ID3 frame packed, and of 4 GiB unpacked",
    () =>
      id3(
        Buffer.concat([hex("54495432 0000001e 0080 ffffffff"), gzipSync(Buffer.alloc(1e6)).subarray(0, 26)]),
      ),
  ],
  [
    "cover of 100 MB that is not there",
    () =>
      id3(
        Buffer.concat([
          hex("41504943 05f5e100 0000 00"),
          Buffer.from("image/jpeg\0\u0003\0"),
          randomBytes(300),
        ]),
      ),
  ],
  ["a million comments", () => id3(repeat(hex("434f4d4d 00000006 0000 00 656e67 00 61"), 4_000))],
  [
    "FLAC cover of 16 MB that is not there",
    () => Buffer.concat([hex("664c6143 00000022"), randomBytes(34), hex("86ffffff 00000003 ffffffff")]),
  ],
  [
    "FLAC of 2^36 samples at 1 Hz",
    () =>
      Buffer.concat([hex("664c6143 80000022 10001000 000000 000000 0000 1f ff ffff ffff"), Buffer.alloc(40)]),
  ],
  [
    "2^32 Vorbis comments",
    () =>
      Buffer.concat([
        hex("664c6143 00000022"),
        Buffer.alloc(34, 1),
        hex("84000010 04000000"),
        Buffer.from("a"),
        hex("000000 ffffffff ffffffff ff"),
      ]),
  ],
  ["MP4 atoms in atoms", () => Buffer.concat([FTYP, nested(400, (inner) => atom("moov", inner))])],
  [
    "MP4 of a million tracks",
    () => Buffer.concat([FTYP, atom("moov", repeat(atom("trak", Buffer.alloc(0)), 4_000))]),
  ],
  [
    "MP4 table of 2^32 samples",
    () =>
      Buffer.concat([
        FTYP,
        atom(
          "moov",
          atom(
            "trak",
            atom("mdia", atom("minf", atom("stbl", atom("stsz", hex("00000000 00000000 ffffffff"))))),
          ),
        ),
      ]),
  ],
  [
    "MP4 cover of 2 GiB",
    () =>
      Buffer.concat([
        FTYP,
        atom(
          "moov",
          atom(
            "udta",
            atom(
              "meta",
              Buffer.concat([
                hex("00000000"),
                atom("ilst", hex("7fffffff 636f7672 7ffffff7 64617461 0000000d 00000000")),
              ]),
            ),
          ),
        ),
      ]),
  ],
  [
    "MP4 of 2^32 ticks of no length",
    () =>
      Buffer.concat([
        FTYP,
        atom(
          "moov",
          atom(
            "mvhd",
            Buffer.concat([hex("00000000 00000000 00000000 00000000 ffffffff"), Buffer.alloc(80)]),
          ),
        ),
      ]),
  ],
  [
    "Ogg page after page of one packet",
    () =>
      Buffer.concat(
        Array.from({ length: 300 }, (_, index) =>
          Buffer.concat([
            hex(index === 0 ? "4f676753 0002" : "4f676753 0001"),
            hex("ffffffffffffff7f 01000000"),
            Buffer.from([index & 255, 0, 0, 0]),
            hex("00000000 01 ff"),
            Buffer.alloc(255, 0x76),
          ]),
        ),
      ),
  ],
  [
    "MP3 of 2^32 frames",
    () =>
      Buffer.concat([
        hex("fffb9064"),
        Buffer.alloc(32),
        Buffer.from("Xing"),
        hex("0000000f ffffffff ffffffff"),
        Buffer.alloc(500),
      ]),
  ],
  [
    "APE tag of 2^32 items",
    () =>
      Buffer.concat([
        hex("fffb9064"),
        Buffer.alloc(413),
        hex("fffb9064"),
        Buffer.alloc(413),
        Buffer.from("APETAGEX"),
        hex("d0070000 ffffff7f ffffffff 000000a0"),
        Buffer.alloc(8),
      ]),
  ],
  ["text of NULs", () => Buffer.alloc(4000)],
  ["one byte", () => Buffer.from([0])],
];

function wavHead({ claimed = 0, rate = 44_100, channels = 2, block = 4 }): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.writeUInt32LE(Math.min(claimed + 36, 0xffff_ffff), 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * block, 28);
  head.writeUInt16LE(block, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(claimed, 40);
  return head;
}
function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}
function riff(chunks: Buffer): Buffer {
  return Buffer.concat([wavHead({}).subarray(0, 36), chunks, chunk("data", randomBytes(400))]);
}
function atom(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write(name, 4);
  return Buffer.concat([head, content]);
}
const FTYP = atom("ftyp", Buffer.from("M4A \0\0\0\0M4A "));
function nested(depth: number, wrap: (inner: Buffer) => Buffer, within?: "RIFF"): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) inner = wrap(inner);
  return within === "RIFF" ? riff(inner) : inner;
}
/** Version 2.3, before an MP3. */
function id3(frames: Buffer): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (frames.length >> shift) & 0x7f);
  const sound =
    fixtures.find(({ extension }) => extension === "mp3")?.bytes.subarray(0, 4_000) ?? Buffer.alloc(0);
  return Buffer.concat([hex("494433 0300 00"), Buffer.from(size), frames, sound]);
}

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
