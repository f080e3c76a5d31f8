/** Whether PostgreSQL takes it: no NUL, and no half of a surrogate pair, which its JSON refuses. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

/** A value of JSON as PostgreSQL takes it: in each text, names too, what it refuses is U+FFFD. For what nobody is told is wrong. */
export function toStorable<Value>(value: Value): Value {
  return toStorableJson(value) as Value;
}

function toStorableJson(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(toStorableJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map((entry) => entry.map(toStorableJson)));
}
