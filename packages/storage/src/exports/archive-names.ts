/** Of one name in an archive: most file systems take 255. */
const MOST_BYTES = 240;
/** Windows takes no file of these names, whatever their extension. */
const DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Names under which files can be unpacked anywhere: no folder but ours, nothing that a system takes for something else, and no two
 * that differ in case alone. Told apart by a number: `a.wav`, `a (2).wav`.
 *
 * @param taken Names that are not free, such as ours.
 */
export function archiveNames(names: readonly string[], taken: readonly string[] = []): string[] {
  const used = new Set(taken.map(foldCase));
  const next = new Map<string, number>();
  return names.map((given) => {
    const name = safeName(given);
    if (!used.has(foldCase(name))) {
      used.add(foldCase(name));
      return name;
    }
    for (let number = next.get(foldCase(name)) ?? 2; ; number++) {
      const numbered = withNumber(name, number);
      if (used.has(foldCase(numbered))) continue;
      used.add(foldCase(numbered));
      next.set(foldCase(name), number + 1);
      return numbered;
    }
  });
}

/** A name for one file, in one folder, on any system. */
function safeName(given: string): string {
  const name = given
    .toWellFormed()
    .normalize("NFC")
    // What turns the direction of writing can make one extension look like another.
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .replace(/[/\\<>:"|?*]/g, "_")
    .replace(/^[\s.]+|[\s.]+$/gu, (run) => "_".repeat(Math.min(run.length, 1)));
  const free = DEVICES.test(name) ? `_${name}` : name;
  return shorten(free === "" ? "_" : free, MOST_BYTES);
}

function withNumber(name: string, number: number): string {
  const { stem, extension } = split(name);
  const suffix = ` (${number})${extension}`;
  return shorten(stem, MOST_BYTES - Buffer.byteLength(suffix)) + suffix;
}

function shorten(name: string, bytes: number): string {
  if (Buffer.byteLength(name) <= bytes) return name;
  const { stem, extension } = split(name);
  let kept = "";
  let left = bytes - Buffer.byteLength(extension);
  for (const character of stem) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept.trimEnd()}${extension}`;
}

function split(name: string): { stem: string; extension: string } {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
  return { stem: name.slice(0, name.length - extension.length), extension };
}

/** As file systems do that know no case; these differ in a few letters. */
function foldCase(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
