import { ScannerUnavailable, type ScanVerdict } from "./scanner.ts";

/** ClamAV passes what is beyond its limits as clean, or, told `AlertExceedsMax yes`, calls it by such a name. */
const LIMIT = /^Heuristics\.Limits\.Exceeded/;
const LONGEST_NAME = 200;

/** Reads what clamd answers to INSTREAM. @throws {ScannerUnavailable} Where it does not say what became of the file. */
export function parseClamdReply(reply: string): ScanVerdict {
  const text = reply.replace(/\0.*$/s, "").trim();
  if (text === "stream: OK") return { outcome: "clean" };
  const name = /^stream: (.+) FOUND$/s.exec(text)?.[1];
  if (name !== undefined)
    return LIMIT.test(name)
      ? { outcome: "too_large", limit: undefined }
      : { outcome: "infected", name: name.replaceAll(/[^ -~]+/g, "?").slice(0, LONGEST_NAME) };
  if (/size limit exceeded/i.test(text)) return { outcome: "too_large", limit: undefined };
  const said = text.replaceAll(/[^ -~]+/g, "?").slice(0, LONGEST_NAME);
  throw new ScannerUnavailable(text === "" ? "clamd ended without an answer" : `clamd said: ${said}`);
}
