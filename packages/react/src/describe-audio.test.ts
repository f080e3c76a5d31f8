import { type AudioFacts, type AudioFinding, judgeAudio } from "@audiotricks/audio-preflight";
import { describe, expect, it } from "vitest";
import { describeAudio, describeTitle } from "./describe-audio.ts";
import { describeFinding } from "./describe-finding.ts";
import { describeRefusal } from "./describe-refusal.ts";
import { formatLength, formatSampleRate } from "./format-audio.ts";
import { LANGUAGES } from "./languages.ts";
import { ar } from "./locales/ar.ts";
import { de } from "./locales/de.ts";
import { neededFacts } from "./needed-facts.ts";
import { wordsOf } from "./words.ts";

const FLAC: AudioFacts = {
  format: "flac",
  codec: "FLAC",
  durationSeconds: 221.4,
  sampleRate: 48_000,
  bitDepth: 24,
  channels: 2,
  title: "Halo",
  artist: "Somebody",
  album: null,
  cutShort: null,
  claimedSeconds: null,
  bytesRead: 1,
};

describe("what is in a file", () => {
  it("is one line", () => {
    expect(describeAudio(FLAC)).toBe("3:41 · FLAC · 48 kHz · 24 bit · stereo");
    const wav: AudioFacts = { ...FLAC, codec: "PCM float", sampleRate: 44_100, bitDepth: 32, channels: 6 };
    expect(describeAudio(wav)).toBe("3:41 · WAV float · 44.1 kHz · 32 bit · 6 channels");
    expect(describeAudio({ ...FLAC, codec: "MP3", bitDepth: null, channels: 1, durationSeconds: null })).toBe(
      "MP3 · 48 kHz · mono",
    );
    expect(describeAudio(null)).toBeNull();
    expect(
      describeAudio({
        ...FLAC,
        codec: null,
        durationSeconds: null,
        sampleRate: null,
        bitDepth: null,
        channels: null,
      }),
    ).toBeNull();
  });

  it("is said as the language says it", () => {
    expect(describeAudio({ ...FLAC, sampleRate: 44_100 }, wordsOf(de))).toBe(
      "3:41 · FLAC · 44,1 kHz · 24 Bit · stereo",
    );
  });

  it("has a title where there is one", () => {
    expect(describeTitle(FLAC)).toBe("Halo – Somebody");
    expect(describeTitle({ ...FLAC, title: null })).toBe("Somebody");
    expect(describeTitle({ ...FLAC, title: null, artist: null })).toBeNull();
    expect(describeTitle(FLAC, wordsOf(ar))).toBe("\u2068Halo\u2069 – \u2068Somebody\u2069");
  });

  it("has lengths and rates as people write them", () => {
    expect([0, 9.6, 60, 3599.7, 3600, 144_000].map((seconds) => formatLength(seconds))).toEqual([
      "0:00",
      "0:10",
      "1:00",
      "1:00:00",
      "1:00:00",
      "40:00:00",
    ]);
    expect([8000, 22_050, 44_100, 192_000, 11_025].map((rate) => formatSampleRate(rate))).toEqual([
      "8 kHz",
      "22.05 kHz",
      "44.1 kHz",
      "192 kHz",
      "11.025 kHz",
    ]);
  });
});

const FINDINGS: readonly AudioFinding[] = [
  { code: "wrong_type", severity: "refuse", found: "mp3", extension: "wav" },
  { code: "unrecognised", severity: "refuse", extension: "wav" },
  { code: "unreadable_header", severity: "warn", format: "m4a" },
  { code: "cut_short", severity: "warn", format: "wav", expected: 1024 ** 2, found: 512 * 1024 },
  { code: "implausible_length", severity: "warn", claimedSeconds: 144_000, size: 41 * 1024 },
  { code: "very_long", severity: "warn", durationSeconds: 144_000 },
  { code: "sample_rate", severity: "refuse", found: 44_100, allowed: [48_000, 96_000] },
  { code: "bit_depth", severity: "refuse", found: 16, allowed: [24] },
  { code: "channels", severity: "refuse", found: 6, allowed: [1, 2] },
  { code: "too_long", severity: "refuse", durationSeconds: 10_801, maxDurationSeconds: 10_800 },
  { code: "too_short", severity: "refuse", durationSeconds: 1, minDurationSeconds: 30 },
  { code: "unknown", severity: "refuse", facts: ["sampleRate", "bitDepth", "duration"] },
];

describe("what is wrong with a file", () => {
  it("is said with its numbers", () => {
    expect(
      FINDINGS.map((finding) => {
        const { title, advice } = describeFinding(finding);
        return `${title}. ${advice}`;
      }),
    ).toEqual([
      "This is MP3 audio named .wav. Rename it to .mp3, or export it as WAV.",
      "This is no WAV audio. Its first bytes are those of no audio we know. Export it again, then add it.",
      "The header of this M4A makes no sense. Play it; export it again if it does not sound right.",
      "This WAV is cut short. It should hold 1 MB of sound, and 512 KB are there. Copy or export it again.",
      "Its length cannot be right. Its header claims 40:00:00, in a file of 41 KB. Export it again.",
      "Longer than a day. It lasts 40:00:00. Check that it is the right file.",
      "Sample rate: 44.1 kHz. Asked for here: 48 kHz or 96 kHz.",
      "Bit depth: 16 bit. Asked for here: 24 bit.",
      "Channels: 6 channels. Asked for here: mono or stereo.",
      "The recording is too long. It lasts 3:00:01; at most 3:00:00 is allowed here.",
      "The recording is too short. It lasts 0:01; at least 0:30 is asked for here.",
      "The file does not say enough. Asked for here, and not to be told: sample rate, bit depth and length.",
    ]);
  });

  it("is said in every language, with nothing left to fill in", async () => {
    for (const [language, load] of Object.entries(LANGUAGES)) {
      const words = wordsOf(await load());
      for (const finding of FINDINGS) {
        const { title, advice } = describeFinding(finding, words);
        expect(`${title}${advice}`, `${language}, ${finding.code}`).not.toMatch(/[{}]|undefined/);
        expect(title.length, `${language}, ${finding.code}`).toBeGreaterThan(1);
      }
      expect(describeAudio(FLAC, words), language).not.toMatch(/[{}]/);
    }
  });

  it("is said all at once where a file is refused for more than one thing", () => {
    const findings = judgeAudio(
      { ...FLAC, bitDepth: 16 },
      { name: "a.flac", size: 1 },
      { bitDepth: 24, channels: 1 },
    );
    const refused = {
      id: "1",
      itemId: null,
      name: "a.flac",
      size: 1,
      code: "bit_depth",
      error: null,
      findings,
      sentence: "",
    } as const;
    expect(describeRefusal(refused)).toEqual({
      title: "Bit depth: 16 bit",
      advice: "Asked for here: 24 bit. Channels: stereo. Asked for here: mono.",
    });
  });
});

it("says for which facts uploads wait", () => {
  expect(neededFacts({})).toEqual([]);
  expect(neededFacts({ severity: { cut_short: "refuse" } })).toEqual([]);
  expect(neededFacts({ sampleRate: 48_000, minDurationSeconds: 1 })).toEqual(["sampleRate", "duration"]);
  expect(neededFacts({ bitDepth: 24, channels: 1, severity: "warn" })).toEqual([]);
  expect(neededFacts({ bitDepth: 24, severity: { bit_depth: "refuse", unknown: "warn" } })).toEqual([]);
  expect(neededFacts({ bitDepth: 24, severity: { bit_depth: "refuse" } })).toEqual(["bitDepth"]);
});
