import { LOCALES } from "@audiotricks/upload-react";
import { createContext } from "react";

/** What can be chosen in the toolbar for any state. */
export interface Settings {
  theme: "auto" | "light" | "dark";
  /** A BCP 47 tag. The direction is the language's. */
  language: string;
  /** Of the box that the state is in; any length of CSS. */
  width: string;
  /** Of the page's text, in percent of the browser's. */
  text: string;
}

export const SettingsContext = createContext<Settings>({
  theme: "auto",
  language: "en",
  width: "680px",
  text: "100%",
});

export const LANGUAGE_ITEMS: { value: string; title: string }[] = LOCALES.map((value) => ({
  value,
  title: new Intl.DisplayNames([value], { type: "language" }).of(value) ?? value,
}));
