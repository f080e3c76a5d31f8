import { describe, expect, it } from "vitest";
import { looksLike } from "./sniff-content.ts";

const SAMPLES: Record<string, Buffer> = {
  png: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
  jpg: Buffer.from("ffd8ffe000104a464946", "hex"),
  gif: Buffer.from("GIF89a\x01\0\x01\0", "latin1"),
  webp: Buffer.from("RIFF\x24\0\0\0WEBPVP8 ", "latin1"),
  pdf: Buffer.from("%PDF-1.7\n%\xe2\xe3", "latin1"),
  zip: Buffer.from("PK\x03\x04\x14\0", "latin1"),
  gz: Buffer.from("1f8b0800", "hex"),
  text: Buffer.from("1\n00:00:01,000 --> 00:00:02,000\nGröße\n"),
  svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
  html: Buffer.from("<!doctype html><script>alert(1)</script>"),
  exe: Buffer.from("MZ\x90\0\x03\0\0\0", "latin1"),
  nothing: Buffer.alloc(0),
};
const IS: Record<string, string[]> = {
  png: ["png"],
  jpg: ["jpg"],
  jpeg: ["jpg"],
  gif: ["gif"],
  webp: ["webp"],
  pdf: ["pdf"],
  zip: ["zip"],
  docx: ["zip"],
  gz: ["gz"],
};

describe("looksLike", () => {
  it.each(Object.keys(IS))("takes for .%s what begins so, and no other", async (extension) => {
    const taken: string[] = [];
    for (const [name, bytes] of Object.entries(SAMPLES))
      if (await looksLike(extension, async (offset, length) => bytes.subarray(offset, offset + length)))
        taken.push(name);
    expect(taken).toEqual(IS[extension]);
  });

  it.each(["txt", "md", "csv", "json", "srt", "vtt"])(
    "takes for .%s text, and no binary",
    async (extension) => {
      const isTaken = (name: string) => looksLike(extension, async () => SAMPLES[name] ?? Buffer.alloc(0));
      // As text it is shown as text.
      for (const name of ["text", "html"]) expect(await isTaken(name), name).toBe(true);
      for (const name of ["png", "gif", "zip", "exe", "webp"]) expect(await isTaken(name), name).toBe(false);
    },
  );

  it.each(["dump", "enc", "age", "constructor"])("takes anything for .%s, unread", async (extension) => {
    expect(await looksLike(extension, () => Promise.reject(new Error("read")))).toBe(true);
  });
});
