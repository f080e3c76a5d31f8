import type { AudioExtension } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { type ReadBytes, sniffAudio } from "./sniff-audio.ts";

/** MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame. */
function frames(count: number): Buffer {
  const frame = Buffer.alloc(417);
  frame.writeUInt32BE(0xfffb9064);
  return Buffer.concat(Array.from({ length: count }, () => frame));
}
function id3(bodyLength: number): Buffer {
  const header = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, 0]);
  for (let index = 0; index < 4; index++) header[9 - index] = (bodyLength >> (7 * index)) & 0x7f;
  return Buffer.concat([header, Buffer.alloc(bodyLength, 0x55)]);
}
function readerOf(file: Buffer): { read: ReadBytes; reads: () => number } {
  let reads = 0;
  return {
    read: async (offset, length) => {
      reads++;
      return file.subarray(offset, offset + length);
    },
    reads: () => reads,
  };
}
const sniff = (extension: AudioExtension, file: Buffer) => sniffAudio(extension, readerOf(file).read);

const exe = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(20_000, 7)]);
const wav = Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVEfmt "), Buffer.alloc(100)]);
const bigWav = Buffer.concat([Buffer.from("RF64\xff\xff\xff\xffWAVEds64", "latin1"), Buffer.alloc(100)]);
const flac = Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(100)]);
const m4a = Buffer.concat([Buffer.from("\0\0\0\x1cftypM4A \0\0\0\0M4A isom"), Buffer.alloc(100)]);
const mp4 = Buffer.concat([Buffer.from("\0\0\0\x1cftypisom\0\0\0\0isommp42"), Buffer.alloc(100)]);
const ogg = (codec: string) =>
  Buffer.concat([Buffer.from("OggS"), Buffer.alloc(24), Buffer.from(codec, "latin1"), Buffer.alloc(200)]);
const [opus, vorbis] = [ogg("OpusHead"), ogg("\x01vorbis")];

describe("sniffAudio", () => {
  it.each<[string, AudioExtension, Buffer]>([
    ["plain frames", "mp3", frames(40)],
    ["a file of one frame", "mp3", frames(1)],
    ["one frame and an ID3v1 tag", "mp3", Buffer.concat([frames(1), Buffer.from("TAG"), Buffer.alloc(125)])],
    ["a short tag", "mp3", Buffer.concat([id3(500), frames(40)])],
    ["a tag with a large picture", "mp3", Buffer.concat([id3(3_000_000), frames(40)])],
    ["two tags and padding", "mp3", Buffer.concat([id3(20_000), id3(70), Buffer.alloc(5000), frames(40)])],
    ["a little junk before the first frame", "mp3", Buffer.concat([Buffer.alloc(300, 1), frames(40)])],
    ["RIFF", "wav", wav],
    ["RF64, above 4 GiB", "wav", bigWav],
    ["fLaC", "flac", flac],
    ["fLaC behind an ID3 tag", "flac", Buffer.concat([id3(50_000), flac])],
    ["the M4A brand", "m4a", m4a],
    ["a general MP4 brand", "m4a", mp4],
    ["Vorbis", "ogg", vorbis],
    ["Opus in .ogg", "ogg", opus],
    ["Opus", "opus", opus],
  ])("takes %s for .%s", async (_, extension, file) => {
    expect(await sniff(extension, file)).toEqual({ matches: true });
  });

  it.each<[string, AudioExtension, Buffer, string | undefined]>([
    ["a program", "mp3", exe, "exe"],
    ["a program behind an ID3 tag", "mp3", Buffer.concat([id3(100), exe]), "exe"],
    ["a program behind a long ID3 tag", "mp3", Buffer.concat([id3(200_000), exe]), "exe"],
    ["a tag and nothing behind it", "mp3", id3(300_000), undefined],
    ["a tag that promises more than the file has", "mp3", id3(5000).subarray(0, 600), undefined],
    ["a script behind one frame header", "mp3", Buffer.from("\xff\xfb\x90\x64<script>", "latin1"), "mp3"],
    ["a web page", "mp3", Buffer.from("<!doctype html><script>alert(1)</script>"), undefined],
    ["zeros", "mp3", Buffer.alloc(100_000), undefined],
    ["nothing", "mp3", Buffer.alloc(0), undefined],
    ["WAV", "mp3", wav, "wav"],
    ["MP3", "wav", frames(40), "mp3"],
    ["a program", "wav", exe, "exe"],
    ["a web page", "ogg", Buffer.from("<html>"), undefined],
    ["Vorbis", "opus", vorbis, "ogg"],
    ["MP3", "m4a", frames(40), "mp3"],
    ["FLAC", "ogg", flac, "flac"],
  ])("refuses %s named .%s", async (_, extension, file, found) => {
    expect(await sniff(extension, file)).toEqual({ matches: false, found });
  });

  it("reads a file without tags once, and one with a tag of any size twice", async () => {
    for (const [file, expected] of [
      [frames(100), 1],
      [Buffer.concat([id3(3_000_000), frames(100)]), 2],
    ] as const) {
      const reader = readerOf(file);
      await sniffAudio("mp3", reader.read);
      expect(reader.reads()).toBe(expected);
    }
  });
});
