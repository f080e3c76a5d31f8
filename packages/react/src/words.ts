import type { UploadErrorCode } from "@audiotricks/protocol";
import { fillIn, isolate } from "./fill-in.ts";
import type { Counts, Locale, PluralForm, Texts } from "./locale.ts";
import { en } from "./locales/en.ts";

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
/** What has to be said with a text: nothing where English has no placeholder in it. */
type Values<Name extends string> = [Name] extends [never]
  ? []
  : [values: Readonly<Record<Name, string | number>>];
type CountPlaceholder<Key extends keyof Counts> = Exclude<Placeholder<Counts[Key]["other"]>, "count">;

/** A unit of `Intl.NumberFormat`, and how exactly it is said. */
export interface UnitStyle {
  unit: string;
  display: "short" | "long";
  digits: number;
}

/** A language in use: its texts filled in, with numbers, sizes, lists and dates as it writes them. */
export interface Words {
  /** BCP 47: the one that was asked for, where that is the same language. */
  tag: string;
  dir: Locale["dir"];
  say: <Key extends keyof Texts>(key: Key, ...values: Values<Placeholder<Texts[Key]>>) => string;
  /** A text in the plural form of `count`. */
  count: <Key extends keyof Counts>(
    key: Key,
    count: number,
    ...values: Values<CountPlaceholder<Key>>
  ) => string;
  error: (code: UploadErrorCode) => readonly [title: string, advice: string];
  /** @param digits After the decimal point, always as many. */
  number: (value: number, digits?: number) => string;
  amount: (value: number, style: UnitStyle) => string;
  /** Sentences, one after the other. */
  join: (...sentences: readonly string[]) => string;
  list: (items: readonly string[], type: "and" | "or") => string;
  /** Day and time. @param instant ISO 8601. */
  date: (instant: string) => string;
  /** The texts that are chosen by what happened. */
  of: Pick<Locale, "phases" | "slowness" | "events">;
  /** A name in a sentence: however it is written, what is around it stays in order. */
  name: (name: string) => string;
}

const made = new WeakMap<object, Map<string, Words>>();

/**
 * The same object for the same language, so that what depends on it renders again only when it is another.
 *
 * @param tag How numbers and dates are written; another region of the same language, for one.
 */
export function wordsOf(locale: Locale, tag: string = locale.tag): Words {
  const known = made.get(locale) ?? new Map<string, Words>();
  made.set(locale, known);
  const words = known.get(tag) ?? createWords(locale, tag);
  known.set(tag, words);
  return words;
}

/** Built in. */
export const ENGLISH: Words = wordsOf(en);

function createWords(locale: Locale, tag: string): Words {
  const { dir, texts, errors } = locale;
  const counts: Record<keyof Counts, Partial<Record<PluralForm, string>> & { other: string }> = locale.counts;
  // Made when they are needed, and once: they cost more than what they are used for.
  const numbers = new Map<string, Intl.NumberFormat>();
  const numberFormat = (options: Intl.NumberFormatOptions) => {
    const key = JSON.stringify(options);
    const format = numbers.get(key) ?? new Intl.NumberFormat(tag, options);
    numbers.set(key, format);
    return format;
  };
  let plurals: Intl.PluralRules | undefined;
  let dates: Intl.DateTimeFormat | undefined;

  const number = (value: number, digits = 0) =>
    numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const fill = (text: string, values: Readonly<Record<string, string | number>> = {}) =>
    fillIn(text, values, { dir, number });

  return {
    tag,
    dir,
    say: (key, ...[values]) => fill(texts[key], values),
    count: (key, count, ...[values]) => {
      plurals ??= new Intl.PluralRules(tag);
      const forms = counts[key];
      return fill(forms[plurals.select(count)] ?? forms.other, { ...values, count });
    },
    error: (code) => errors[code] ?? errors.internal,
    number,
    amount: (value, { unit, display, digits }) => {
      const format = numberFormat({
        style: "unit",
        unit,
        unitDisplay: display,
        maximumFractionDigits: digits,
      });
      // A kilobyte of 1,024 bytes has a large K wherever it has one.
      return isolate(format.format(value).replace("kB", "KB"), dir);
    },
    join: (...sentences) => sentences.join(texts.betweenSentences),
    list: (items, type) =>
      new Intl.ListFormat(tag, { type: type === "and" ? "conjunction" : "disjunction" }).format(items),
    date: (instant) => {
      dates ??= new Intl.DateTimeFormat(tag, {
        day: "numeric",
        month: "short",
        hour: "2-digit",
        minute: "2-digit",
      });
      return dates.format(new Date(instant));
    },
    of: locale,
    name: (name) => isolate(name, dir),
  };
}
