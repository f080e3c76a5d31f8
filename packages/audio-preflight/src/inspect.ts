export type { AudioFacts } from "./audio-facts.ts";
export type { AudioSource } from "./bounded-reader.ts";
export { inspectAudio } from "./inspect-audio.ts";
export { MAX_BYTES_READ } from "./max-bytes-read.ts";
export type { AudioFormat } from "./sniff-format.ts";
