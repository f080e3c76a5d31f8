import { XMLParser, XMLValidator } from "fast-xml-parser";
import { malformedXml } from "./s3-error.ts";

type XmlValue = string | number | boolean | undefined | XmlValue[] | { [tag: string]: XmlValue };

const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** Writes one document. Arrays repeat their tag; `undefined` leaves it out. */
export function writeXml(
  root: string,
  content: { [tag: string]: XmlValue },
  namespace = S3_NAMESPACE,
): string {
  const attribute = namespace === "" ? "" : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?><${root}${attribute}>${writeChildren(content)}</${root}>`;
}

function writeChildren(content: { [tag: string]: XmlValue }): string {
  return Object.entries(content)
    .map(([tag, value]) => writeElement(tag, value))
    .join("");
}

function writeElement(tag: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item) => writeElement(tag, item)).join("");
  const inner = typeof value === "object" ? writeChildren(value) : escapeXml(String(value));
  return `<${tag}>${inner}</${tag}>`;
}

/** A character that XML cannot hold at all (a control character in a key) becomes its reference, as S3 does it. */
function escapeXml(text: string): string {
  return text.replace(/[<>&"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: true,
  processEntities: true,
  isArray: () => true,
});

/**
 * Reads a document whose root must be `root`.
 *
 * @throws {S3Error} `MalformedXML` for anything else.
 */
export function readXml(text: string, root: string): Xml {
  if (XMLValidator.validate(text) !== true) throw malformedXml();
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch {
    throw malformedXml();
  }
  const found = new Xml(parsed).all(root)[0];
  if (found === undefined) throw malformedXml();
  return found;
}

/** A typed look at what the parser gives: every question has an answer, whatever was sent. */
export class Xml {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  all(tag: string): Xml[] {
    const value = this.#value;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, tag)) return [];
    const found = (value as Record<string, unknown>)[tag];
    return (Array.isArray(found) ? found : [found]).map((item) => new Xml(item));
  }

  text(tag: string): string | undefined {
    return this.all(tag)[0]?.ownText();
  }

  texts(tag: string): string[] {
    return this.all(tag).map((item) => item.ownText());
  }

  ownText(): string {
    const value = this.#value;
    if (typeof value === "string") return value;
    return new Xml(value).all("#text")[0]?.ownText() ?? "";
  }
}
