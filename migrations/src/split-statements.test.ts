import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements } from "./split-statements.ts";

describe("splitStatements", () => {
  it.each([
    ["nothing", "", []],
    ["space and comments alone", " -- a;\n /* b; */ ;; \n", []],
    ["two statements, the last without a semicolon", "SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]],
    ["a comment before its statement", "-- why\nSELECT 1;", ["-- why\nSELECT 1"]],
    ["a comment at the end without a line break", "SELECT 1; -- done", ["SELECT 1"]],
    ["a semicolon in a string", "SELECT 'a;b', 'it''s;';SELECT 2;", ["SELECT 'a;b', 'it''s;'", "SELECT 2"]],
    ["a semicolon in an identifier", 'SELECT "a;""b";SELECT 2;', ['SELECT "a;""b"', "SELECT 2"]],
    ["a backslash that escapes nothing", "SELECT '\\'; SELECT 2", ["SELECT '\\'", "SELECT 2"]],
    ["a backslash in an escape string", "SELECT E'\\';'; SELECT 2", ["SELECT E'\\';'", "SELECT 2"]],
    ["an escape string's doubled quote", "SELECT e'a'';\\\\'; SELECT 2", ["SELECT e'a'';\\\\'", "SELECT 2"]],
    ["a name that ends in e before a string", "SELECT date'\\'; SELECT 2", ["SELECT date'\\'", "SELECT 2"]],
    ["a dollar-quoted body", "DO $$ BEGIN; END $$; SELECT 2", ["DO $$ BEGIN; END $$", "SELECT 2"]],
    [
      "a tagged body with another inside",
      "DO $a$ $$;$$ $b$; $a$; SELECT 2",
      ["DO $a$ $$;$$ $b$; $a$", "SELECT 2"],
    ],
    ["parameters, which open nothing", "SELECT $1;SELECT $2;", ["SELECT $1", "SELECT $2"]],
    ["a dollar inside a name", "SELECT a$b$c; SELECT $b$;$b$", ["SELECT a$b$c", "SELECT $b$;$b$"]],
    [
      "a nested comment",
      "SELECT 1 /* a /* ; */ ; */ + 1; SELECT 2",
      ["SELECT 1 /* a /* ; */ ; */ + 1", "SELECT 2"],
    ],
    ["a quote in a comment", "SELECT 1 -- it's;\n; SELECT 2", ["SELECT 1 -- it's;", "SELECT 2"]],
    [
      "a comment sign in a string",
      "SELECT '--'; SELECT '/*'; SELECT 3",
      ["SELECT '--'", "SELECT '/*'", "SELECT 3"],
    ],
    ["an SQL-standard body", "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END; SELECT 2", undefined],
  ])("keeps %s whole", (_what, text, expected) => {
    if (expected === undefined) {
      // Not understood, and said so rather than cut in two.
      expect(() => splitStatements(text)).toThrow("BEGIN ATOMIC");
      return;
    }
    expect(splitStatements(text)).toEqual(expected);
  });

  it.each(["SELECT 'a", 'SELECT "a', "DO $x$ BEGIN", "SELECT 1 /* /* */", "SELECT E'a\\'"])(
    "refuses %s, which never ends",
    (text) => {
      expect(() => splitStatements(text)).toThrow(/never ends/);
    },
  );

  it("finds any statements again that it was given joined", () => {
    const inside = fc.string({ unit: fc.constantFrom(";", "a", " ", "-", "*", "/", "$", "\n", '"') });
    const piece = fc.oneof(
      inside.map((text) => `'${text}'`),
      inside.map((text) => `"${text.replaceAll('"', '""')}"`),
      inside.map((text) => `$q$${text.replaceAll("$", "")}$q$`),
      inside.map((text) => `/*${text.replaceAll("/", "")}*/ 1`),
      fc.constantFrom("SELECT", "1", "a.b", "<>", "-", "E'\\';'", "$1"),
    );
    const statement = fc.array(piece, { minLength: 1 }).map((pieces) => ["SELECT", ...pieces].join(" "));
    fc.assert(
      fc.property(fc.array(statement), (statements) => {
        expect(splitStatements(statements.join(";\n"))).toEqual(statements);
      }),
      { numRuns: 1000 },
    );
  });
});
