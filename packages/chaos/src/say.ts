export function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

/** With the time, for what takes some. */
export function announce(phase: string): void {
  say(`${new Date().toISOString().slice(11, 19)} ${phase}`);
}
