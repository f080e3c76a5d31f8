/** Whether PostgreSQL takes it: no NUL, and no half of a surrogate pair, which its JSON refuses. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
