import { LANGUAGES, type Language, type Match } from "./languages.ts";
import type { Locale } from "./locale.ts";
import { en } from "./locales/en.ts";
import { ENGLISH, type Words, wordsOf } from "./words.ts";

const loaded = new Map<Language, Locale>([["en", en]]);
const loading = new Map<Language, Promise<Locale>>();

/** Those of a language that was loaded before; `null` for one that was not. */
export function loadedWords({ language, tag }: Match): Words | null {
  const locale = loaded.get(language);
  if (locale === undefined) return null;
  // Without a region there are the language's own dates.
  return wordsOf(locale, tag === language ? locale.tag : tag);
}

/** Loads a language, once for all who ask. English where it cannot be loaded: the next who asks tries again. */
export async function loadWords(match: Match): Promise<Words> {
  const { language } = match;
  const known = loadedWords(match);
  if (known !== null || language === "en") return known ?? ENGLISH;
  const current = loading.get(language) ?? LANGUAGES[language]();
  loading.set(language, current);
  try {
    loaded.set(language, await current);
  } catch {
    loading.delete(language);
    return ENGLISH;
  }
  return loadedWords(match) ?? ENGLISH;
}
