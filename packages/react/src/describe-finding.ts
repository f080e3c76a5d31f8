import type { AudioFinding, AudioFormat, NeededFact } from "@audiotricks/audio-preflight";
import type { ErrorText } from "./describe-error.ts";
import { formatBitDepth, formatChannels, formatLength, formatSampleRate } from "./format-audio.ts";
import { formatBytes } from "./format-bytes.ts";
import { ENGLISH, type Words } from "./words.ts";

/** What is wrong with a file, in plain words with the numbers, and what to do about it. */
export function describeFinding(finding: AudioFinding, words: Words = ENGLISH): ErrorText {
  const { say } = words;
  const length = (seconds: number) => formatLength(seconds, words);
  const size = (bytes: number) => formatBytes(bytes, words);
  const oneOf = (allowed: readonly number[], format: (value: number, words: Words) => string) =>
    say("askedFor", {
      allowed: words.list(
        allowed.map((value) => format(value, words)),
        "or",
      ),
    });

  switch (finding.code) {
    case "wrong_type": {
      const { found, extension } = finding;
      const wanted = extension.toUpperCase();
      return {
        title: say("wrongType", { found: nameOf(found), name: `.${extension}` }),
        advice: say("wrongTypeAdvice", { name: `.${found}`, wanted }),
      };
    }
    case "unrecognised":
      return {
        title: say("unrecognised", { wanted: finding.extension.toUpperCase() }),
        advice: say("unrecognisedAdvice"),
      };
    case "unreadable_header":
      return {
        title: say("unreadableHeader", { format: nameOf(finding.format) }),
        advice: say("unreadableHeaderAdvice"),
      };
    case "cut_short": {
      const [expected, found] = [size(finding.expected), size(finding.found)];
      return {
        title: say("cutShort", { format: nameOf(finding.format) }),
        advice: say("cutShortAdvice", { expected, found }),
      };
    }
    case "implausible_length":
      return {
        title: say("implausibleLength"),
        advice: say("implausibleLengthAdvice", {
          length: length(finding.claimedSeconds),
          size: size(finding.size),
        }),
      };
    case "very_long":
      return {
        title: say("veryLong"),
        advice: say("veryLongAdvice", { length: length(finding.durationSeconds) }),
      };
    case "sample_rate":
      return {
        title: say("sampleRateIs", { found: formatSampleRate(finding.found, words) }),
        advice: oneOf(finding.allowed, formatSampleRate),
      };
    case "bit_depth":
      return {
        title: say("bitDepthIs", { found: formatBitDepth(finding.found, words) }),
        advice: oneOf(finding.allowed, formatBitDepth),
      };
    case "channels":
      return {
        title: say("channelsAre", { found: formatChannels(finding.found, words) }),
        advice: oneOf(finding.allowed, formatChannels),
      };
    case "too_long": {
      const [is, limit] = [length(finding.durationSeconds), length(finding.maxDurationSeconds)];
      return { title: say("tooLong"), advice: say("atMost", { length: is, limit }) };
    }
    case "too_short": {
      const [is, limit] = [length(finding.durationSeconds), length(finding.minDurationSeconds)];
      return { title: say("tooShort"), advice: say("atLeast", { length: is, limit }) };
    }
    case "unknown": {
      const facts = words.list(
        finding.facts.map((fact) => say(FACTS[fact])),
        "and",
      );
      return { title: say("untold"), advice: say("untoldAdvice", { facts }) };
    }
  }
}

const FACTS = {
  sampleRate: "theSampleRate",
  bitDepth: "theBitDepth",
  channels: "theChannels",
  duration: "theLength",
} as const satisfies Record<NeededFact, string>;

function nameOf(format: AudioFormat): string {
  return format === "ogg" || format === "opus"
    ? `${format[0]?.toUpperCase()}${format.slice(1)}`
    : format.toUpperCase();
}
