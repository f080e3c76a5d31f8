import type { AudioRules, NeededFact } from "@audiotricks/audio-preflight";

/** What rules ask for, where a file that does not tell it is refused: uploads wait for these facts, and for no others. */
export function neededFacts(rules: AudioRules): readonly NeededFact[] {
  const { sampleRate, bitDepth, channels, minDurationSeconds, maxDurationSeconds, severity } = rules;
  const forUnknown = typeof severity === "object" ? severity.unknown : severity;
  if (forUnknown !== undefined && forUnknown !== "refuse") return [];
  const asked: [NeededFact, unknown][] = [
    ["sampleRate", sampleRate],
    ["bitDepth", bitDepth],
    ["channels", channels],
    ["duration", minDurationSeconds ?? maxDurationSeconds],
  ];
  return asked.flatMap(([fact, rule]) => (rule === undefined ? [] : [fact]));
}
