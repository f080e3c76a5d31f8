import { inspect } from "node:util";

/** To whoever runs the simulation. */
export function say(...what: unknown[]): void {
  const texts = what.map((one) => (typeof one === "string" ? one : inspect(one, { breakLength: 120 })));
  process.stdout.write(`${texts.join(" ")}\n`);
}
