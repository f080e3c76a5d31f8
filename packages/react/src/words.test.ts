import { describe, expect, it } from "vitest";
import { formatBytes, formatRate } from "./format-bytes.ts";
import { matchLanguage } from "./languages.ts";
import { loadedWords, loadWords } from "./load-words.ts";
import { ar } from "./locales/ar.ts";
import { de } from "./locales/de.ts";
import { describeLimits } from "./restrictions.ts";
import { ENGLISH, wordsOf } from "./words.ts";

describe("matchLanguage", () => {
  it.each([
    [["de"], "de", "de"],
    [["de-CH"], "de", "de-CH"],
    [["DE-at"], "de", "de-AT"],
    [["ar-EG"], "ar", "ar-EG"],
    [["tlh", "fr-CA", "de"], "fr", "fr-CA"],
    [["en-US"], "en", "en-US"],
    [["zh-TW"], "en", "en-GB"],
    [["", "not a tag", "de_DE"], "en", "en-GB"],
    [[], "en", "en-GB"],
  ])("takes of %j the first that there is", (tags, language, tag) => {
    expect(matchLanguage(tags)).toEqual({ language, tag });
  });
});

describe("loadWords", () => {
  it("gives the same words to all who ask, and has them from then on", async () => {
    const swiss = matchLanguage(["fr-CH"]);
    expect(loadedWords(swiss)).toBeNull();
    const [first, second] = await Promise.all([loadWords(swiss), loadWords(swiss)]);
    expect(first).toBe(second);
    expect(loadedWords(swiss)).toBe(first);
    expect(await loadWords(matchLanguage(["en"]))).toBe(ENGLISH);
  });
});

describe("words", () => {
  it("write numbers and sizes as the language and the region do", () => {
    const sizes = [1, 812, 1536, 4.5 * 1024 ** 2].map((bytes) =>
      formatBytes(bytes, wordsOf(de)).replaceAll("\u00a0", " "),
    );
    expect(sizes).toEqual(["1 Byte", "812 Byte", "2 KB", "4,5 MB"]);
    expect(formatRate(4.5 * 1024 ** 2, wordsOf(de))).toBe("4,5 MB/s");
    expect(wordsOf(de).count("uploaded", 12_345)).toBe("12.345 Dateien hochgeladen");
    expect(wordsOf(de, "de-CH").count("uploaded", 12_345)).toMatch(/^12[’']345 Dateien/);
  });

  it("keep names in order, whichever way they and what is around them are written", () => {
    const name = "mix (final).wav";
    expect(wordsOf(ar).say("pause", { name })).toContain(`\u2068${name}\u2069`);
    expect(ENGLISH.say("pause", { name })).toBe(`Pause ${name}`);
    expect(ENGLISH.say("pause", { name: "أغنية.mp3" })).toBe("Pause \u2068أغنية.mp3\u2069");
  });

  it("keep a list in the order of the language, whatever script it begins with", () => {
    const limits = describeLimits({ maxFileSize: 1024, allowedExtensions: ["mp3", "wav"] }, wordsOf(ar));
    expect(limits).toContain("\u2067MP3 أو WAV\u2069");
  });

  it("take a name as it is, whatever is in it", () => {
    const name = "{name} $& {count}.wav";
    expect(ENGLISH.say("saidAdded", { name })).toBe(`${name} added.`);
  });
});
