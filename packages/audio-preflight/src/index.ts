export type { AudioFacts } from "./audio-facts.ts";
export { findStems, type OddStem, type StemCandidate, type StemGroup } from "./find-stems.ts";
export {
  type AudioFinding,
  type AudioRules,
  judgeAudio,
  type NeededFact,
  needsFacts,
  type Severity,
} from "./judge-audio.ts";
export { openPreflight, type Preflight } from "./open-preflight.ts";
export type { AudioFormat } from "./sniff-format.ts";
