export type { AudioFacts } from "./audio-facts.ts";
export { inspectAudio, MAX_BYTES_READ } from "./inspect-audio.ts";
export type { AudioFormat } from "./sniff-format.ts";
