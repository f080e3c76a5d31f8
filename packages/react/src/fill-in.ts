/** Isolates: what is between one and its end is put in order by itself, from right to left or as its first strong letter says. */
const [RLI, FSI, PDI] = ["\u2067", "\u2068", "\u2069"];

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

/**
 * Fills `{placeholders}` in: numbers as the language writes them, everything else as it is. What is said for `{name}` is people's, and
 * may be in any script; the rest is the language's own, also where it begins with another: a list of extensions, for one.
 */
export function fillIn(
  text: string,
  values: Readonly<Record<string, string | number>>,
  { dir, number }: { dir: "ltr" | "rtl"; number: (value: number) => string },
): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, key: string) => {
    const value = values[key];
    if (value === undefined) return placeholder;
    if (typeof value === "number") return number(value);
    if (key === "name") return isolate(value, dir);
    return dir === "rtl" ? `${RLI}${value}${PDI}` : value;
  });
}
