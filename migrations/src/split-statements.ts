/**
 * Splits a migration into its statements, since PGlite takes one a call. Knows what may hide a semicolon: strings
 * (escape strings too), quoted names, dollar quotes and nested comments. Statements come without their semicolon; a
 * piece that is only comment and space is dropped.
 *
 * @throws {SyntaxError} If a quote or comment never ends, or a body is in `BEGIN ATOMIC`, which needs a real parser.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let isEmpty = true;
  const finish = (end: number) => {
    if (!isEmpty) statements.push(sql.slice(start, end).trim());
    start = end + 1;
    isEmpty = true;
  };
  for (let at = 0; at < sql.length; ) {
    const token = tokenAt(sql, at);
    if (token.kind === "semicolon") finish(at);
    else if (token.kind !== "blank") isEmpty = false;
    at = token.end;
  }
  finish(sql.length);
  return statements;
}

interface Token {
  kind: "semicolon" | "blank" | "other";
  end: number;
}

/** Names are taken whole, so that neither the `e` of `date'…'` nor a dollar within a name is mistaken. */
const NAME = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const ATOMIC = /BEGIN\s+ATOMIC\b/iy;

function tokenAt(sql: string, at: number): Token {
  const character = sql.charAt(at);
  const next = sql.charAt(at + 1);
  if (character === ";") return { kind: "semicolon", end: at + 1 };
  if (/\s/.test(character)) return { kind: "blank", end: at + 1 };
  if (character === "-" && next === "-") {
    const lineEnd = sql.indexOf("\n", at);
    return { kind: "blank", end: lineEnd === -1 ? sql.length : lineEnd };
  }
  if (character === "/" && next === "*") return { kind: "blank", end: endOfComment(sql, at) };
  if (character === "'" || character === '"') return other(endAfter(sql, character, at, at + 1));
  if ((character === "E" || character === "e") && next === "'") return other(endOfEscapeString(sql, at));
  const dollarQuote = matchAt(DOLLAR_QUOTE, sql, at);
  if (dollarQuote !== undefined) return other(endAfter(sql, dollarQuote, at, at + dollarQuote.length));
  if (matchAt(ATOMIC, sql, at) !== undefined)
    throw new SyntaxError("BEGIN ATOMIC bodies are not supported: use $$.");
  const name = matchAt(NAME, sql, at);
  return other(at + (name?.length ?? 1));
}

function other(end: number): Token {
  return { kind: "other", end };
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** A doubled quote ends one string and begins the next, which comes to the same. */
function endAfter(sql: string, mark: string, start: number, from: number): number {
  const found = sql.indexOf(mark, from);
  if (found === -1) throw neverEnds(sql, start);
  return found + mark.length;
}

function endOfEscapeString(sql: string, start: number): number {
  for (let at = start + 2; at < sql.length; at++) {
    if (sql[at] === "\\") at++;
    else if (sql[at] === "'" && sql[at + 1] === "'") at++;
    else if (sql[at] === "'") return at + 1;
  }
  throw neverEnds(sql, start);
}

function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const two = sql.slice(at, at + 2);
    if (two !== "/*" && two !== "*/") continue;
    depth += two === "/*" ? 1 : -1;
    at++;
    if (depth === 0) return at + 1;
  }
  throw neverEnds(sql, start);
}

function neverEnds(sql: string, start: number): SyntaxError {
  const line = sql.slice(0, start).split("\n").length;
  return new SyntaxError(`What begins in line ${line} with ${sql.slice(start, start + 20)} never ends.`);
}
