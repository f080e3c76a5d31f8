import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { LANGUAGES, LOCALES } from "./languages.ts";
import type { Locale } from "./locale.ts";
import { en } from "./locales/en.ts";

const codes = Object.keys(UPLOAD_ERRORS) as UploadErrorCode[];
/** Enough of them for every form that whole numbers take. */
const NUMBERS = Array.from({ length: 1001 }, (_, number) => number);
const others: [string, () => Promise<Locale>][] = Object.entries(LANGUAGES);
const all: [string, () => Promise<Locale>][] = [["en", async () => en], ...others];

function placeholdersOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name))].toSorted();
}

describe.each(all)("%s", (language, load) => {
  it("says what it is, and which way it is written", async () => {
    const { tag, dir } = await load();
    const { language: short, script = "" } = new Intl.Locale(tag).maximize();
    expect(short).toBe(new Intl.Locale(language).language);
    expect(dir).toBe(["Arab", "Hebr"].includes(script) ? "rtl" : "ltr");
    expect(LOCALES).toContain(language);
    expect(Intl.PluralRules.supportedLocalesOf(tag)).toEqual([tag]);
  });

  it("has every text, with the placeholders of English and no others", async () => {
    const { texts } = await load();
    expect(Object.keys(texts)).toEqual(Object.keys(en.texts));
    for (const [key, text] of Object.entries(en.texts)) {
      expect(placeholdersOf(texts[key as keyof typeof texts]), key).toEqual(placeholdersOf(text));
    }
  });

  it("has one text for each of its plural forms, which says the number where more than one takes it", async () => {
    const { tag, counts } = await load();
    const rules = new Intl.PluralRules(tag);
    expect(Object.keys(counts)).toEqual(Object.keys(en.counts));
    for (const [key, forms] of Object.entries(counts) as [keyof typeof counts, Record<string, string>][]) {
      expect(Object.keys(forms).toSorted(), key).toEqual(rules.resolvedOptions().pluralCategories.toSorted());
      for (const [form, text] of Object.entries(forms)) {
        const [needed, found] = [placeholdersOf(en.counts[key].other), placeholdersOf(text)];
        const isOneNumber = NUMBERS.filter((number) => rules.select(number) === form).length === 1;
        const withoutCount = needed.filter((name) => name !== "count");
        expect(isOneNumber ? [needed, withoutCount] : [needed], `${key}, ${form}`).toContainEqual(found);
      }
    }
  });

  it("has a sentence and an advice for each stable code", async () => {
    const { errors } = await load();
    expect(Object.keys(errors).toSorted()).toEqual(codes.toSorted());
    for (const code of codes) {
      for (const text of errors[code]) expect(text.trim().length, code).toBeGreaterThan(1);
      expect(placeholdersOf(errors[code].join("")), code).toEqual([]);
    }
  });

  it("names what happens to an upload", async () => {
    const locale = await load();
    for (const table of ["phases", "slowness", "events"] as const) {
      expect(Object.keys(locale[table]), table).toEqual(Object.keys(en[table]));
      for (const [key, text] of Object.entries(locale[table])) expect(text.trim(), key).not.toBe("");
    }
  });
});

it.each(others)("%s leaves no sentence in English", async (_, load) => {
  const { texts, counts, errors } = await load();
  // A sentence has a verb; single words may be the same in two languages.
  const sentences = (strings: readonly string[]) =>
    strings.filter((text) => text.trim().split(" ").length > 4);
  const english = new Set([
    ...sentences(Object.values(en.texts)),
    ...Object.values(en.counts).flatMap((forms) => sentences(Object.values(forms))),
    ...codes.flatMap((code) => sentences(en.errors[code])),
  ]);
  const own = [
    ...Object.values(texts),
    ...Object.values(counts).flatMap((forms) => Object.values(forms)),
    ...codes.flatMap((code) => errors[code]),
  ];
  expect(own.filter((text) => english.has(text))).toEqual([]);
});
