/** First strong isolate and its end: what is between them is put in order by itself. */
const [FSI, PDI] = ["\u2068", "\u2069"];

/** Hebrew, Arabic and their relatives. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * Keeps a name or an amount in order inside a text of another direction. In a text from left to right this is for what is written
 * from right to left alone: names stay findable as they are.
 */
export function isolate(text: string, dir: "ltr" | "rtl"): string {
  const isNeeded = text !== "" && (dir === "rtl" || RIGHT_TO_LEFT.test(text));
  return isNeeded ? `${FSI}${text}${PDI}` : text;
}

/** Fills `{placeholders}` in: numbers as the language writes them, everything else as it is. */
export function fillIn(
  text: string,
  values: Readonly<Record<string, string | number>>,
  { dir, number }: { dir: "ltr" | "rtl"; number: (value: number) => string },
): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? number(value) : isolate(value, dir);
  });
}
