/** Elements by name; an array repeats its element. */
export type Xml = string | number | boolean | { readonly [name: string]: Xml | readonly Xml[] };

export function toXml(root: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element(root, content)}`;
}

function element(name: string, content: Xml): string {
  return `<${name}>${inner(content)}</${name}>`;
}

function inner(content: Xml): string {
  if (typeof content !== "object") return escapeText(String(content));
  return Object.entries(content)
    .map(([name, value]) =>
      Array.isArray(value)
        ? (value as readonly Xml[]).map((one) => element(name, one)).join("")
        : element(name, value as Xml),
    )
    .join("");
}

function escapeText(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
