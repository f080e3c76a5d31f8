import type { UploadErrorCode } from "@audiotricks/protocol";
import type { FlightEvent, FlightPhase, SlowReason } from "@audiotricks/uppy-spaces";
import type { en } from "./locales/en.ts";

/** The keys of all texts, with English's own text for each: what is in its `{braces}` has to be filled in. */
export type Texts = typeof en.texts;
export type Counts = typeof en.counts;

/** Forms of `Intl.PluralRules`. */
export type PluralForm = Intl.LDMLPluralRule;

/**
 * A language: all that is seen and heard of this package. One that misses a text is no `Locale`.
 *
 * @typeParam Form The plural forms that the language has, as `Intl.PluralRules` names them.
 */
export interface Locale<Form extends PluralForm = "other"> {
  /** BCP 47; by its rules numbers, sizes, lists and dates are written. */
  tag: string;
  dir: "ltr" | "rtl";
  /** A `{placeholder}` stands for the same as in English. */
  texts: Readonly<Record<keyof Texts, string>>;
  /** One text for each plural form; `{count}` decides which. */
  counts: Readonly<Record<keyof Counts, Readonly<Record<Form, string>>>>;
  /** What happened, and what to do about it. */
  errors: Readonly<Record<UploadErrorCode, readonly [title: string, advice: string]>>;
  phases: Readonly<Record<FlightPhase, string>>;
  slowness: Readonly<Record<SlowReason, string>>;
  events: Readonly<Record<FlightEvent["kind"], string>>;
}
