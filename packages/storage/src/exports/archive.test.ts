import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveBytes, type Beginning, type KnownEntry, type Mark } from "./archive-bytes.ts";
import { layOut } from "./archive-layout.ts";
import { archiveNames } from "./archive-names.ts";
import { dataDescriptor, directoryHeader, endOfArchive, localHeader } from "./zip-format.ts";

interface Content {
  name: string;
  bytes: Buffer;
  modifiedAt: Date;
}
const BEGINNING: Beginning = { offset: 0, crc32: 0 };
const entriesOf = (files: readonly Content[]): KnownEntry[] =>
  files.map(({ name, bytes, modifiedAt }) => ({ name, size: bytes.length, modifiedAt, crc32: null }));

/** As a worker would make it: in parts, and what it has to know behind each. */
async function make(
  files: readonly Content[],
  {
    partSize,
    entries = entriesOf(files),
    from = BEGINNING,
  }: { partSize: number; entries?: KnownEntry[]; from?: Beginning },
): Promise<{ bytes: Buffer; marks: Map<number, Mark> }> {
  const marks = new Map<number, Mark>();
  const pieces: Uint8Array[] = [];
  const read = async function* (index: number, offset: number) {
    const { bytes } = files[index] ?? { bytes: Buffer.alloc(0) };
    // In pieces of no regular length.
    for (let at = offset, n = 1; at < bytes.length; at += n, n = (n * 7) % 997)
      yield bytes.subarray(at, at + n);
  };
  const layout = layOut(entries);
  const made = archiveBytes(entries, layout, { from, partSize, read, mark: (n, mark) => marks.set(n, mark) });
  let length = from.offset;
  for await (const piece of made) {
    pieces.push(piece);
    length += piece.length;
    // What is to be known of a part is known when its last byte is out.
    const parts = length === layout.size ? Math.ceil(length / partSize) : Math.floor(length / partSize);
    if (marks.size !== parts - from.offset / partSize) throw new Error("a part without its mark");
  }
  return { bytes: Buffer.concat(pieces), marks };
}

const contents = fc
  .array(
    fc.record({
      name: fc.oneof(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
        fc.constantFrom("a.wav", "A.WAV", "a (2).wav", "../a", "/a", "CON", ".."),
      ),
      bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      modifiedAt: fc.date({ min: new Date("1990-01-01"), max: new Date("2037-01-01"), noInvalidDate: true }),
    }),
    { maxLength: 12 },
  )
  .map((files) => {
    const names = archiveNames(files.map(({ name }) => name));
    return files.map((file, index) => ({ ...file, name: names[index] ?? "" }));
  });

describe("an archive", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "at-zip-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("is read by Python with its names, its bytes and its CRCs, and is as long as its layout says", async () => {
    const samples = fc.sample(fc.tuple(contents, fc.integer({ min: 1, max: 500 })), 100);
    const paths: string[] = [];
    for (const [n, [files, partSize]] of samples.entries()) {
      const { bytes } = await make(files, { partSize });
      expect(bytes.length).toBe(layOut(entriesOf(files)).size);
      paths.push(join(directory, `${n}.zip`));
      writeFileSync(join(directory, `${n}.zip`), bytes);
    }
    // One process for all of them: it takes longer to start than to read.
    const program = `
import sys, json, zipfile
def read(path):
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        assert all(i.compress_type == 0 for i in z.infolist())
        return [[i.filename, z.read(i).hex()] for i in z.infolist()]
print(json.dumps([read(path) for path in sys.argv[1:]]))`;
    const read: unknown = JSON.parse(
      execFileSync("python3", ["-c", program, ...paths], { encoding: "utf8" }),
    );
    expect(read).toEqual(
      samples.map(([files]) => files.map(({ name, bytes }) => [name, bytes.toString("hex")])),
    );
  });

  it("is the same bytes from the end of any part on, by what was known there", async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 7, max: 300 }), async (files, partSize) => {
        const whole = await make(files, { partSize });
        const entries = entriesOf(files);
        for (let partNumber = 1; partNumber * partSize < whole.bytes.length; partNumber++) {
          const mark = whole.marks.get(partNumber);
          for (const { index, crc32 } of mark?.finished ?? []) {
            const entry = entries[index];
            if (entry !== undefined) entry.crc32 = crc32;
          }
          const from = { offset: partNumber * partSize, crc32: mark?.crc32 ?? 0 };
          const { bytes } = await make(files, { partSize, entries: structuredClone(entries), from });
          expect(bytes.equals(whole.bytes.subarray(from.offset))).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is unpacked by Info-ZIP without a warning, with the times it was given", async () => {
    const modifiedAt = new Date("2026-02-03T04:05:06Z");
    const files = ["a.wav", "Грай.txt", "folder/b.wav"].map((name) => ({
      name,
      bytes: Buffer.from(name),
      modifiedAt,
    }));
    const path = join(directory, "times.zip");
    writeFileSync(path, (await make(files, { partSize: 50 })).bytes);
    const unpacked = join(directory, "unpacked");
    execFileSync("unzip", ["-q", path, "-d", unpacked], { stdio: ["ignore", "pipe", "inherit"] });
    for (const { name, bytes } of files) {
      expect(readFileSync(join(unpacked, name))).toEqual(bytes);
      expect(statSync(join(unpacked, name)).mtime).toEqual(modifiedAt);
    }
  });

  it("is read where there are more files than 16 bits count", async () => {
    const files = Array.from({ length: 65_600 }, (_, n) => ({
      name: `folder/${n}.txt`,
      bytes: n < 3 ? Buffer.from(`file ${n}`) : Buffer.alloc(0),
      modifiedAt: new Date("2026-02-03T04:05:06Z"),
    }));
    const path = join(directory, "many.zip");
    writeFileSync(path, (await make(files, { partSize: 5 * 1024 * 1024 })).bytes);
    const program =
      "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(len(z.namelist()), z.testzip(), z.read('folder/2.txt').decode())";
    expect(execFileSync("python3", ["-c", program, path], { encoding: "utf8" })).toBe("65600 None file 2\n");
  });

  it("refuses to be made of other bytes than it was laid out for", async () => {
    const file = { name: "a", bytes: Buffer.from("abc"), modifiedAt: new Date() };
    for (const size of [2, 4]) {
      const entries = [{ ...file, size, crc32: null }];
      await expect(make([file], { partSize: 100, entries })).rejects.toThrow(/bytes than the entry has/);
    }
  });

  it("says where things are beyond 4 GiB as APPNOTE has it", () => {
    const entry = { name: "a", size: 5 * 1024 ** 3, modifiedAt: new Date(0) };
    expect(localHeader(entry).readUInt32LE(18)).toBe(0xffffffff);
    expect(dataDescriptor(entry, 1).length).toBe(24);
    const header = directoryHeader(entry, 1, 6 * 1024 ** 3);
    const extra = header.subarray(46 + 1);
    expect([extra.readUInt16LE(0), extra.readUInt16LE(2)]).toEqual([1, 24]);
    expect([4, 12, 20].map((at) => Number(extra.readBigUInt64LE(at)))).toEqual([
      entry.size,
      entry.size,
      6 * 1024 ** 3,
    ]);
    const end = endOfArchive({ count: 3, size: 100, offset: 7 * 1024 ** 3 });
    expect(end.length).toBe(56 + 20 + 22);
    expect(end.readUInt32LE(end.length - 6)).toBe(0xffffffff);
    expect(endOfArchive({ count: 3, size: 100, offset: 7 }).length).toBe(22);
  });
});

describe("archiveNames", () => {
  it.each([
    ["../../etc/passwd", "__.._etc_passwd"],
    ["..", "_"],
    ["C:\\Windows\\a.wav", "C__Windows_a.wav"],
    ["a\u0000b\n.wav", "ab.wav"],
    ["\u202egnp.exe", "gnp.exe"],
    ["nul.txt", "_nul.txt"],
    ["COM1", "_COM1"],
    [" . ", "_"],
    ["ends. ", "ends_"],
    ["\ud800.wav", "\ufffd.wav"],
    ["", "_"],
    ["Грай, музико! 音楽 🎵.flac", "Грай, музико! 音楽 🎵.flac"],
  ])("makes of %j %j", (given, name) => {
    expect(archiveNames([given])).toEqual([name]);
  });

  it("tells equal names apart, also those that differ in case alone, and keeps clear of ours", () => {
    expect(archiveNames(["a.wav", "A.wav", "a.wav", "a (2).wav", "missing.TXT"], ["MISSING.txt"])).toEqual([
      "a.wav",
      "A (2).wav",
      "a (3).wav",
      "a (2) (2).wav",
      "missing (2).TXT",
    ]);
  });

  it("gives any names to no two files, in time, and short enough", () => {
    const names = archiveNames(Array.from({ length: 10_000 }, () => `${"音".repeat(300)}.wav`));
    expect(new Set(names).size).toBe(10_000);
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBeLessThanOrEqual(240);
    expect(names.every((name) => name.endsWith(".wav"))).toBe(true);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 300 }), { maxLength: 30 }), (given) => {
        const made = archiveNames(given);
        expect(new Set(made.map((name) => name.toLowerCase())).size).toBe(given.length);
        for (const name of made) {
          expect(name).not.toMatch(/[/\\\p{Cc}]|^\.|^\s|[.\s]$/u);
          expect(name.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(250);
        }
      }),
    );
  });
});
