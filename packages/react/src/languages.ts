import type { Locale } from "./locale.ts";

/** Languages beside English, each a file of its own that is loaded when somebody asks for it. */
export const LANGUAGES = {
  ar: async () => (await import("./locales/ar.ts")).ar,
  de: async () => (await import("./locales/de.ts")).de,
  es: async () => (await import("./locales/es.ts")).es,
  fr: async () => (await import("./locales/fr.ts")).fr,
  he: async () => (await import("./locales/he.ts")).he,
  it: async () => (await import("./locales/it.ts")).it,
  ja: async () => (await import("./locales/ja.ts")).ja,
  nl: async () => (await import("./locales/nl.ts")).nl,
  pl: async () => (await import("./locales/pl.ts")).pl,
  "pt-BR": async () => (await import("./locales/pt-BR.ts")).ptBR,
  "zh-Hans": async () => (await import("./locales/zh-Hans.ts")).zhHans,
} satisfies Record<string, () => Promise<Locale>>;

export type Language = keyof typeof LANGUAGES | "en";

/** The languages there are, as BCP 47 tags. */
export const LOCALES: readonly Language[] = ["en", ...(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[])];

/** A language that is there, and the tag of it by which numbers and dates are written. */
export interface Match {
  language: Language;
  tag: string;
}

/**
 * The first of the tags whose language is there, whatever its region: `"de-CH"` is German with Swiss numbers. Portuguese is Brazil's
 * everywhere; Chinese is there in simplified characters only, and not for who reads the others.
 *
 * @returns English where there is none of them.
 */
export function matchLanguage(tags: readonly string[]): Match {
  for (const tag of tags) {
    const locale = parse(tag);
    if (locale === null) continue;
    const script = locale.maximize().script;
    const language = LOCALES.find((each) => {
      const known = new Intl.Locale(each).maximize();
      return known.language === locale.language && known.script === script;
    });
    if (language !== undefined) return { language, tag: locale.toString() };
  }
  return { language: "en", tag: "en-GB" };
}

/** What comes from outside may be no tag at all. */
function parse(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag);
  } catch {
    return null;
  }
}
