import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AudioFacts, UNKNOWN_AUDIO } from "./audio-facts.ts";
import { type AudioRules, judgeAudio } from "./judge-audio.ts";

const WAV: AudioFacts = {
  ...UNKNOWN_AUDIO,
  format: "wav",
  codec: "PCM",
  durationSeconds: 221,
  sampleRate: 44_100,
  bitDepth: 16,
  channels: 2,
  bytesRead: 65_536,
};
const file = { name: "Kick.WAV", size: 40_000_000 };
const codesOf = (...args: Parameters<typeof judgeAudio>) => judgeAudio(...args).map(({ code }) => code);

describe("without rules", () => {
  it("finds nothing in a sound file", () => {
    expect(judgeAudio(WAV, file)).toEqual([]);
  });

  it("refuses a file that lies about its type, and takes Opus in Ogg for what it may be", () => {
    const mp3: AudioFacts = { ...WAV, format: "mp3", codec: "MP3" };
    expect(judgeAudio(mp3, file)).toEqual([
      { code: "wrong_type", severity: "refuse", found: "mp3", extension: "wav" },
    ]);
    const opus: AudioFacts = { ...WAV, format: "opus" };
    expect(codesOf(opus, { ...file, name: "a.ogg" })).toEqual([]);
    expect(codesOf({ ...WAV, format: "ogg" }, { ...file, name: "a.opus" })).toEqual(["wrong_type"]);
  });

  it("refuses garbage by a name of audio, and says nothing of names that it does not know", () => {
    const garbage: AudioFacts = { ...UNKNOWN_AUDIO, bytesRead: 100 };
    expect(judgeAudio(garbage, file)).toEqual([
      { code: "unrecognised", severity: "refuse", extension: "wav" },
    ]);
    expect(judgeAudio(garbage, file, { channels: 2 }).map(({ code }) => code)).toEqual(["unrecognised"]);
    expect(codesOf(garbage, file, { channels: 2, severity: { unrecognised: "warn" } })).toEqual([
      "unrecognised",
      "unknown",
    ]);
    expect(judgeAudio(garbage, { name: "session.als", size: 1 })).toEqual([]);
  });

  it("warns of what is cut short, of what cannot be, and of what is longer than a day", () => {
    const cut = { expected: 2000, found: 1000 };
    expect(judgeAudio({ ...WAV, cutShort: cut }, file)).toEqual([
      { code: "cut_short", severity: "warn", format: "wav", ...cut },
    ]);
    expect(judgeAudio({ ...WAV, durationSeconds: null, claimedSeconds: 144_000 }, file)).toEqual([
      { code: "implausible_length", severity: "warn", claimedSeconds: 144_000, size: file.size },
    ]);
    expect(codesOf({ ...WAV, durationSeconds: 144_000 }, file)).toEqual(["very_long"]);
    expect(codesOf({ ...WAV, durationSeconds: 144_000 }, file, { maxDurationSeconds: 200_000 })).toEqual([]);
    expect(codesOf({ ...WAV, sampleRate: null }, file)).toEqual(["unreadable_header"]);
  });

  it("takes a file of which nothing is known", () => {
    expect(judgeAudio(null, file)).toEqual([]);
  });
});

describe("with rules", () => {
  const rules: AudioRules = {
    sampleRate: [48_000, 96_000],
    bitDepth: 24,
    channels: 1,
    maxDurationSeconds: 200,
  };

  it("tells each breach with its numbers", () => {
    expect(judgeAudio(WAV, file, rules)).toEqual([
      { code: "sample_rate", severity: "refuse", found: 44_100, allowed: [48_000, 96_000] },
      { code: "bit_depth", severity: "refuse", found: 16, allowed: [24] },
      { code: "channels", severity: "refuse", found: 2, allowed: [1] },
      { code: "too_long", severity: "refuse", durationSeconds: 221, maxDurationSeconds: 200 },
    ]);
    expect(codesOf(WAV, file, { minDurationSeconds: 300 })).toEqual(["too_short"]);
    expect(codesOf(WAV, file, { minDurationSeconds: 221, maxDurationSeconds: 221 })).toEqual([]);
  });

  it("holds a file to a rule also where its facts cannot be told, and to no other", () => {
    expect(judgeAudio(null, file, rules)).toEqual([
      { code: "unknown", severity: "refuse", facts: ["sampleRate", "bitDepth", "channels", "duration"] },
    ]);
    expect(judgeAudio({ ...WAV, bitDepth: null }, file, { bitDepth: 24, sampleRate: 44_100 })).toEqual([
      { code: "unknown", severity: "refuse", facts: ["bitDepth"] },
    ]);
  });

  it("warns of breaches where the page wants that, and is as strict as ever with what the storage refuses", () => {
    const mp3: AudioFacts = { ...WAV, format: "mp3" };
    expect(judgeAudio(mp3, file, { sampleRate: 48_000, severity: "warn" })).toMatchObject([
      { code: "wrong_type", severity: "refuse" },
      { code: "sample_rate", severity: "warn" },
    ]);
  });

  it("lets the page decide by code, built in or not", () => {
    const facts = { ...WAV, cutShort: { expected: 2, found: 1 } };
    const severity = { cut_short: "refuse", sample_rate: "ignore", bit_depth: "warn" } as const;
    expect(
      judgeAudio(facts, file, { sampleRate: 48_000, bitDepth: 24, channels: 1, severity }),
    ).toMatchObject([
      { code: "cut_short", severity: "refuse" },
      { code: "bit_depth", severity: "warn" },
      { code: "channels", severity: "refuse" },
    ]);
  });
});

it("never throws, and finds nothing where each rule allows what there is", () => {
  const number = fc.option(fc.double({ min: 1, max: 1e6, noNaN: true }), { nil: null });
  const facts = fc.record({
    format: fc.constantFrom("wav" as const, "mp3" as const, null),
    codec: fc.constant(null),
    durationSeconds: number,
    sampleRate: number,
    bitDepth: number,
    channels: number,
    title: fc.constant(null),
    artist: fc.constant(null),
    album: fc.constant(null),
    cutShort: fc.constant(null),
    claimedSeconds: fc.constant(null),
    bytesRead: fc.nat(),
  });
  fc.assert(
    fc.property(facts, fc.string(), (found, name) => {
      const { sampleRate, bitDepth, channels, durationSeconds } = found;
      const rules: AudioRules = {
        sampleRate: sampleRate ?? undefined,
        bitDepth: bitDepth ?? undefined,
        channels: channels ?? undefined,
        maxDurationSeconds: durationSeconds ?? undefined,
      };
      const findings = judgeAudio(found, { name, size: 1 }, rules);
      expect(findings.filter(({ severity }) => severity === "refuse")).toEqual(
        findings.filter(({ code }) => code === "wrong_type" || code === "unrecognised"),
      );
    }),
  );
});
