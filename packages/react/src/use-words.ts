import { createContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { type Match, matchLanguage } from "./languages.ts";
import { loadedWords, loadWords } from "./load-words.ts";
import type { Locale } from "./locale.ts";
import { ENGLISH, type Words, wordsOf } from "./words.ts";

/**
 * A BCP 47 tag, whose language is loaded when it is needed; a table that the page has imported; or `"auto"` for the first language
 * of the browser's that there is.
 */
export type LocaleOption = string | Locale;

/** What a part of the widget speaks; English unless somebody said otherwise. */
export const WordsContext = createContext<Words>(ENGLISH);

/**
 * A language to speak. Another `locale` is spoken as soon as it is there, and the one before until then.
 *
 * @param locale Default: English.
 * @returns `null` while nothing is there yet: at first, where the language has to be loaded, and on a server with `"auto"`.
 */
export function useWords(locale: LocaleOption = "en-GB"): Words | null {
  const wished = useSyncExternalStore(
    subscribeToLanguages,
    () => (locale === "auto" ? navigator.languages.join() : typeof locale === "string" ? locale : ""),
    () => (locale === "auto" || typeof locale !== "string" ? "" : locale),
  );
  const match = useMemo(() => (wished === "" ? null : matchLanguage(wished.split(","))), [wished]);
  const known = typeof locale === "string" ? knownWords(match) : wordsOf(locale);
  const [spoken, setSpoken] = useState(known);
  if (known !== null && known !== spoken) setSpoken(known);

  useEffect(() => {
    if (known !== null || match === null) return undefined;
    let isWanted = true;
    void loadWords(match).then((words) => {
      if (isWanted) setSpoken(words);
    });
    return () => {
      isWanted = false;
    };
  }, [known, match]);
  return known ?? spoken;
}

function knownWords(match: Match | null): Words | null {
  return match === null ? null : loadedWords(match);
}

function subscribeToLanguages(listener: () => void): () => void {
  window.addEventListener("languagechange", listener);
  return () => window.removeEventListener("languagechange", listener);
}
