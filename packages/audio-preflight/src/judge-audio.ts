import { extensionOf, isAudioExtension } from "@audiotricks/protocol";
import type { AudioFacts } from "./audio-facts.ts";
import type { AudioFormat } from "./sniff-format.ts";

/** What a breach means: the file is not taken, or is taken and the breach is shown; `ignore` does not look. */
export type Severity = "refuse" | "warn" | "ignore";

/** What a file has to be. All are optional; numbers in lists are alternatives. */
export interface AudioRules {
  /** Hertz, as `48000` or `[44100, 48000]`. */
  sampleRate?: number | readonly number[] | undefined;
  /** Bits of a sample. MP3, AAC, Vorbis and Opus have none: `unknown`. */
  bitDepth?: number | readonly number[] | undefined;
  /** 1 is mono, 2 is stereo. */
  channels?: number | readonly number[] | undefined;
  minDurationSeconds?: number | undefined;
  maxDurationSeconds?: number | undefined;
  /**
   * What a breach means: one for all the rules above (`refuse` unless said), or by the code of the finding, which reaches what is looked for without
   * being asked for as well: `{ bit_depth: "warn", cut_short: "refuse" }`.
   */
  severity?: Severity | Readonly<Partial<Record<AudioFinding["code"], Severity>>> | undefined;
}

/** A fact that a rule asks for. */
export type NeededFact = "sampleRate" | "bitDepth" | "channels" | "duration";

interface Breaches {
  /** The bytes are of another format than the name says. The storage would refuse it, so this is refused by default. */
  wrong_type: { found: AudioFormat; extension: string };
  /** The bytes are of no format that is known. As `wrong_type`. */
  unrecognised: { extension: string };
  /** It is of this format, and its header makes no sense. Warned of by default, as all that follow here. */
  unreadable_header: { format: AudioFormat };
  /** The header tells of more bytes of sound than the file has. */
  cut_short: { format: AudioFormat; expected: number; found: number };
  /** The header tells of more seconds than so few bytes hold. */
  implausible_length: { claimedSeconds: number; size: number };
  /** More than a day, and no rule that allows it. */
  very_long: { durationSeconds: number };
  sample_rate: { found: number; allowed: readonly number[] };
  bit_depth: { found: number; allowed: readonly number[] };
  channels: { found: number; allowed: readonly number[] };
  too_long: { durationSeconds: number; maxDurationSeconds: number };
  too_short: { durationSeconds: number; minDurationSeconds: number };
  /** Rules ask for what cannot be told. */
  unknown: { facts: readonly NeededFact[] };
}

/** Something about a file that is not as it should be. */
export type AudioFinding = {
  [Code in keyof Breaches]: { code: Code; severity: Exclude<Severity, "ignore"> } & Breaches[Code];
}[keyof Breaches];

type Breach = { [Code in keyof Breaches]: { code: Code } & Breaches[Code] }[keyof Breaches];

const VERY_LONG_SECONDS = 24 * 3600;
/** What is looked for anyway. */
const BUILT_IN: Partial<Record<AudioFinding["code"], Severity>> = {
  wrong_type: "refuse",
  unrecognised: "refuse",
  unreadable_header: "warn",
  cut_short: "warn",
  implausible_length: "warn",
  very_long: "warn",
};
/** What an extension may hold, as the storage judges it. */
const FORMATS_OF: Readonly<Record<string, readonly AudioFormat[]>> = { ogg: ["ogg", "opus"] };

/**
 * What is wrong with a file, in the order of weight: what it is, whether it is whole, and then the rules.
 *
 * @param facts `null` for a file that could not be looked into: it breaks rules that ask for facts, and nothing else.
 * @param file Its size in bytes.
 */
export function judgeAudio(
  facts: AudioFacts | null,
  file: { name: string; size: number },
  rules: AudioRules = {},
): readonly AudioFinding[] {
  const breaches = [...(facts === null ? [] : builtIn(facts, file, rules)), ...ofRules(facts, rules)];
  const findings = breaches.flatMap((breach) => {
    const severity = severityOf(breach.code, rules);
    return severity === "ignore" ? [] : [{ ...breach, severity }];
  });
  // Of what is refused for being no audio, nothing else is worth saying.
  const [first] = findings;
  return first?.code === "unrecognised" && first.severity === "refuse" ? [first] : findings;
}

function severityOf(code: AudioFinding["code"], { severity }: AudioRules): Severity {
  if (typeof severity === "object") return severity[code] ?? BUILT_IN[code] ?? "refuse";
  return BUILT_IN[code] ?? severity ?? "refuse";
}

function builtIn(facts: AudioFacts, file: { name: string; size: number }, rules: AudioRules): Breach[] {
  const { format, claimedSeconds, durationSeconds, cutShort } = facts;
  const extension = extensionOf(file.name);
  if (format === null) {
    return isAudioExtension(extension) ? [{ code: "unrecognised", extension }] : [];
  }
  const breaches: Breach[] = [];
  if (isAudioExtension(extension) && !(FORMATS_OF[extension] ?? [extension]).includes(format)) {
    breaches.push({ code: "wrong_type", found: format, extension });
  }
  if (facts.sampleRate === null || facts.channels === null)
    breaches.push({ code: "unreadable_header", format });
  if (cutShort !== null) breaches.push({ code: "cut_short", format, ...cutShort });
  if (claimedSeconds !== null) breaches.push({ code: "implausible_length", claimedSeconds, size: file.size });
  if (
    durationSeconds !== null &&
    durationSeconds > VERY_LONG_SECONDS &&
    rules.maxDurationSeconds === undefined
  ) {
    breaches.push({ code: "very_long", durationSeconds });
  }
  return breaches;
}

function ofRules(facts: AudioFacts | null, rules: AudioRules): Breach[] {
  const { minDurationSeconds, maxDurationSeconds } = rules;
  const unknown: NeededFact[] = [];
  const breaches: Breach[] = [];
  const oneOf = (
    code: "sample_rate" | "bit_depth" | "channels",
    fact: "sampleRate" | "bitDepth" | "channels",
  ) => {
    const rule = rules[fact];
    if (rule === undefined) return;
    const allowed = typeof rule === "number" ? [rule] : rule;
    const found = facts?.[fact] ?? null;
    if (found === null) unknown.push(fact);
    else if (!allowed.includes(found)) breaches.push({ code, found, allowed });
  };
  oneOf("sample_rate", "sampleRate");
  oneOf("bit_depth", "bitDepth");
  oneOf("channels", "channels");
  if (minDurationSeconds !== undefined || maxDurationSeconds !== undefined) {
    const durationSeconds = facts?.durationSeconds ?? null;
    if (durationSeconds === null) unknown.push("duration");
    else if (maxDurationSeconds !== undefined && durationSeconds > maxDurationSeconds) {
      breaches.push({ code: "too_long", durationSeconds, maxDurationSeconds });
    } else if (minDurationSeconds !== undefined && durationSeconds < minDurationSeconds) {
      breaches.push({ code: "too_short", durationSeconds, minDurationSeconds });
    }
  }
  return unknown.length === 0 ? breaches : [...breaches, { code: "unknown", facts: unknown }];
}
