import { LANGUAGES, type Match } from "./languages.ts";
import type { Locale } from "./locale.ts";
import { en } from "./locales/en.ts";
import { ENGLISH, type Words, wordsOf } from "./words.ts";

const loaded = new Map<string, Locale>([["en", en]]);
const loading = new Map<string, Promise<Locale>>();

/** Those of a language that was loaded before; `null` for one that was not. */
export function loadedWords({ language, tag }: Match): Words | null {
  const locale = loaded.get(language);
  return locale === undefined ? null : wordsOf(locale, tag);
}

/** Loads a language, once for all who ask. English where it cannot be loaded: the next who asks tries again. */
export async function loadWords(match: Match): Promise<Words> {
  const { language } = match;
  if (language === "en") return wordsOf(en, match.tag);
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
