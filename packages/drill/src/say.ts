/** Beside what is printed for programs. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
