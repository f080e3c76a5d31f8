/**
 * Splits a migration into its statements, since PGlite takes one a call. Knows what may hide a semicolon: quotes,
 * dollar quotes and comments (nested ones too). Statements come without their final semicolon; a piece that is only
 * comment and space is dropped.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let isEmpty = true;
  for (let at = 0; at < sql.length; ) {
    const end = endOfToken(sql, at);
    if (sql[at] === ";") {
      if (!isEmpty) statements.push(sql.slice(start, at).trim());
      start = end;
      isEmpty = true;
    } else if (!/^(\s|--|\/\*)/.test(sql.slice(at, at + 2))) {
      isEmpty = false;
    }
    at = end;
  }
  if (!isEmpty) statements.push(sql.slice(start).trim());
  return statements;
}

function endOfToken(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === "--") return endAfter(sql, "\n", at + 2);
  if (two === "/*") return endOfBlockComment(sql, at);
  const character = sql[at];
  if (character === "'" || character === '"') return endAfter(sql, character, at + 1);
  if (character === "$") {
    const tag = /^\$([A-Za-z_][A-Za-z0-9_]*)?\$/.exec(sql.slice(at, at + 66))?.[0];
    if (tag !== undefined) return endAfter(sql, tag, at + tag.length);
  }
  return at + 1;
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

function endOfBlockComment(sql: string, at: number): number {
  let depth = 0;
  for (let i = at; i < sql.length; i++) {
    const two = sql.slice(i, i + 2);
    if (two === "/*") {
      depth++;
      i++;
    } else if (two === "*/") {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return sql.length;
}
