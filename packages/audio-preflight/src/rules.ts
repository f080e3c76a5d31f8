export type { AudioFacts } from "./audio-facts.ts";
export {
  type AudioFinding,
  type AudioRules,
  judgeAudio,
  type NeededFact,
  type Severity,
} from "./judge-audio.ts";
export type { AudioFormat } from "./sniff-format.ts";
