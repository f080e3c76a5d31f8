export type { AudioFacts } from "./audio-facts.ts";
export { findStems, type OddStem, type StemCandidate, type StemGroup } from "./find-stems.ts";
export {
  type AudioFinding,
  type AudioRules,
  judgeAudio,
  type NeededFact,
  type Severity,
} from "./judge-audio.ts";
export { MAX_BYTES_READ } from "./max-bytes-read.ts";
export { openPreflight, type Preflight } from "./open-preflight.ts";
export type { AudioFormat } from "./sniff-format.ts";
