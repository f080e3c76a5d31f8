/** A fenced block of TypeScript in a document. */
export interface Snippet {
  language: "ts" | "tsx";
  /** What of other blocks it needs, and then its own code. */
  code: string;
  /** Line of the document, from 1, on which its own code begins. */
  line: number;
  /** Lines of `code` before its own. */
  inherited: number;
}

/**
 * Every block of a document that says `ts` or `tsx`. One without imports goes on from the blocks before it and has their imports; every
 * other one stands alone, as a reader would copy it.
 */
export function extractSnippets(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  let imports: string[] = [];
  let open: { language: "ts" | "tsx"; line: number; lines: string[] } | null = null;
  for (const [index, text] of markdown.split("\n").entries()) {
    if (open === null) {
      const language = /^```(tsx?)(?![a-z])/.exec(text)?.[1];
      if (language === "ts" || language === "tsx") open = { language, line: index + 2, lines: [] };
    } else if (/^```\s*$/.test(text)) {
      const code = open.lines.join("\n");
      const own = importsOf(code);
      const inherited = own.length === 0 ? imports : [];
      imports = [...imports, ...own.filter((one) => !imports.includes(one))];
      snippets.push({
        language: open.language,
        code: [...inherited, code].join("\n"),
        line: open.line,
        inherited: inherited.length,
      });
      open = null;
    } else open.lines.push(text);
  }
  return snippets;
}

/** Each on one line. */
function importsOf(code: string): string[] {
  return [...code.matchAll(/^import\s[^;]*;/gm)].map(([text]) => text.replaceAll(/\s+/g, " "));
}
