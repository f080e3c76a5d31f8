import { describe, expect, it } from "vitest";
import { extractSnippets } from "./extract-snippets.ts";

const fence = "```";
const page = (...blocks: [string, string][]) =>
  blocks.map(([language, code]) => `text\n\n${fence}${language}\n${code}\n${fence}\n`).join("\n");

describe("extractSnippets", () => {
  it("takes blocks of ts and tsx with the line they begin on, and no others", () => {
    const found = extractSnippets(
      page(["ts", "const a = 1;"], ["sh", "ls"], ["tsx", "<b />;"], ["typescript", "no"]),
    );
    expect(found).toEqual([
      { language: "ts", code: "const a = 1;", line: 4, inherited: 0 },
      { language: "tsx", code: "<b />;", line: 16, inherited: 0 },
    ]);
  });

  it("lets a block without imports go on from those before it", () => {
    const [, second] = extractSnippets(
      page(["ts", 'import {\n  a,\n} from "a";\nimport b from "b";'], ["ts", "a(b);"]),
    );
    expect(second).toMatchObject({
      code: 'import { a, } from "a";\nimport b from "b";\na(b);',
      inherited: 2,
    });
  });

  it("lets a block with imports stand alone", () => {
    const [, second] = extractSnippets(
      page(["ts", 'import a from "a";'], ["ts", 'import b from "b";\nb();']),
    );
    expect(second).toMatchObject({ code: 'import b from "b";\nb();', inherited: 0 });
  });
});
