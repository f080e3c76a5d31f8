import { ENGLISH, type Words } from "./words.ts";

/** A length as a player shows it: `"3:41"`, `"1:02:03"`. */
export function formatLength(seconds: number, words: Words = ENGLISH): string {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value: number) => `${value < 10 ? words.number(0) : ""}${words.number(value)}`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const end = pad(whole % 60);
  // Left to right in every language, as clocks are.
  return hours > 0 ? `${words.number(hours)}:${pad(minutes)}:${end}` : `${words.number(minutes)}:${end}`;
}

/** `"44.1 kHz"`. */
export function formatSampleRate(hertz: number, words: Words = ENGLISH): string {
  const digits = [0, 1, 2].find((count) => Number((hertz / 1000).toFixed(count)) * 1000 === hertz) ?? 3;
  return words.say("kilohertz", { number: words.number(hertz / 1000, digits) });
}

/** `"24 bit"`. */
export function formatBitDepth(bits: number, words: Words = ENGLISH): string {
  return words.say("bits", { number: words.number(bits) });
}

/** `"mono"`, `"stereo"`, `"6 channels"`. */
export function formatChannels(channels: number, words: Words = ENGLISH): string {
  if (channels === 1) return words.say("mono");
  return channels === 2 ? words.say("stereo") : words.count("channels", channels);
}
