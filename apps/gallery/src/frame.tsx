import { useWords } from "@audiotricks/upload-react";
import { type ReactNode, useEffect } from "react";
import { type Settings, SettingsContext } from "./settings.ts";

interface FrameProps {
  settings: Settings;
  /** Of the group, and of the state in it. */
  title: string;
  name: string;
  children: ReactNode;
}

/** The page around a state: as wide, as large and in the direction that was chosen, with the headings that a page has. */
export function Frame({ settings, title, name, children }: FrameProps) {
  const { theme, language, width, text } = settings;
  const words = useWords(language);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = words?.tag ?? language;
    root.dir = words?.dir ?? "ltr";
    root.style.colorScheme = theme === "auto" ? "" : theme;
    root.style.fontSize = text;
  }, [words, language, theme, text]);
  return (
    <SettingsContext value={settings}>
      <main className="frame" style={{ maxInlineSize: width }}>
        <div className="unseen">
          <h1>{title}</h1>
          <h2>{name}</h2>
        </div>
        {children}
      </main>
    </SettingsContext>
  );
}
