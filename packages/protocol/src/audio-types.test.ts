import { describe, expect, it } from "vitest";
import { extensionOf, isAudioExtension } from "./audio-types.ts";

describe("extensionOf", () => {
  it.each([
    ["song.MP3", "mp3"],
    ["a.b.flac", "flac"],
    ["readme", undefined],
    ["archive.tar.gz", "gz"],
    ["uuid../a", undefined],
    [".mp3", "mp3"],
    ["x.", undefined],
    ["song.mp3 ", undefined],
    ["song.mp3\n", undefined],
    ["x.abcdefghijk", undefined],
    ["é.öpus", undefined],
  ])("of %j is %j", (name, extension) => {
    expect(extensionOf(name)).toBe(extension);
  });

  it("does not take inherited names for audio types", () => {
    expect(isAudioExtension("constructor")).toBe(false);
    expect(isAudioExtension("mp3")).toBe(true);
  });
});
