import { LOCALES, useWords } from "@audiotricks/upload-react";
import { useEffect, useState } from "react";

const KEY = "audiotricks-demo-language";

/** What the widget speaks, kept in this browser. The document says so, and is written in that direction. */
export function useLanguage() {
  const [language, setLanguage] = useState<string>(remembered);
  const words = useWords(language);

  useEffect(() => {
    if (words === null) return;
    document.documentElement.lang = words.tag;
    document.documentElement.dir = words.dir;
  }, [words]);

  const choose = (next: string) => {
    setLanguage(next);
    localStorage.setItem(KEY, next);
  };
  return { language, choose };
}

function remembered(): string {
  const language = localStorage.getItem(KEY);
  return LOCALES.find((each) => each === language) ?? "en";
}
