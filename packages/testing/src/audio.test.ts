import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUDIO_ENDINGS, executableBytes, wavBytes, writeAudio, writeWav } from "./audio.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "audio-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("generated audio", () => {
  it.each([45, 1000, 4 * 1024 * 1024 + 44, 4 * 1024 * 1024 + 45, 9_999_999])(
    "has exactly %d bytes, a WAV header that says so, and the promised hash",
    async (size) => {
      const file = await writeWav(join(directory, "a.wav"), size);
      const bytes = await readFile(file.path);
      expect(bytes).toHaveLength(size);
      expect(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 12)).toBe("RIFFWAVE");
      expect(bytes.readUInt32LE(4)).toBe(size - 8);
      expect(bytes.readUInt32LE(40)).toBe(size - 44);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256);
      expect(bytes.equals(wavBytes(size))).toBe(true);
    },
  );

  it("differs by seed, and from place to place", () => {
    expect(wavBytes(1000, 1)).not.toEqual(wavBytes(1000, 2));
    const bytes = wavBytes(2 * 4 * 1024 * 1024 + 44);
    expect(bytes.subarray(44, 108)).not.toEqual(bytes.subarray(44 + 4 * 1024 * 1024, 108 + 4 * 1024 * 1024));
  });

  it.each([0, 44, 2 ** 32 + 8, 50.5])("refuses a WAV of %d bytes", async (size) => {
    await expect(writeWav(join(directory, "b.wav"), size)).rejects.toThrow(RangeError);
  });

  it.each(AUDIO_ENDINGS)(
    "has exactly the size that was asked for as .%s, and differs from place to place",
    async (ending) => {
      for (const size of [32_768, 60_000, ...Array.from({ length: 257 }, (_, n) => 40_000 + n), 9_999_999]) {
        const file = await writeAudio(join(directory, `a.${ending}`), size);
        const bytes = await readFile(file.path);
        expect(bytes).toHaveLength(size);
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256);
      }
      const bytes = await readFile(join(directory, `a.${ending}`));
      expect(bytes.subarray(5_000_000, 5_001_000)).not.toEqual(bytes.subarray(9_194_304, 9_195_304));
    },
  );

  it("refuses types that it does not make", async () => {
    await expect(writeAudio(join(directory, "a.aiff"), 1000)).rejects.toThrow(RangeError);
  });

  it("makes programs that look like programs", () => {
    const bytes = executableBytes(5000);
    expect(bytes).toHaveLength(5000);
    expect(Buffer.from(bytes.subarray(0, 2)).toString()).toBe("MZ");
  });
});
