import { type ReadBytes, WINDOW_LENGTH } from "./sniff-audio.ts";

type Looks = (start: Buffer) => boolean;

const begins =
  (...signatures: string[]): Looks =>
  (start) =>
    signatures.some((hex) => start.toString("hex", 0, hex.length / 2) === hex);
const zip = begins("504b0304", "504b0506");
const jpeg = begins("ffd8ff");
/** Served as UTF-8, which has no NUL; most of what is no text has one soon. */
const text: Looks = (start) => !start.includes(0);
const webp: Looks = (start) =>
  start.toString("latin1", 0, 4) === "RIFF" && start.toString("latin1", 8, 12) === "WEBP";

/** What is not here may hold anything: dumps, and what is encrypted. */
const LOOKS: Readonly<Record<string, Looks>> = {
  png: begins("89504e470d0a1a0a"),
  jpg: jpeg,
  jpeg,
  gif: begins("474946383761", "474946383961"),
  webp,
  pdf: begins("255044462d"),
  zip,
  docx: zip,
  gz: begins("1f8b"),
  txt: text,
  md: text,
  csv: text,
  json: text,
  srt: text,
  vtt: text,
};

/**
 * Whether the first bytes of a file that is no audio are such as its extension says. It does not prove that the rest is: what is
 * served is told to be the type of the extension and nothing else, and none of them runs.
 */
export async function looksLike(extension: string, read: ReadBytes): Promise<boolean> {
  const looks = Object.hasOwn(LOOKS, extension) ? LOOKS[extension] : undefined;
  return looks === undefined || looks(Buffer.from(await read(0, WINDOW_LENGTH)));
}
