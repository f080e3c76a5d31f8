import { parseArgs } from "node:util";
import { CONTENDERS } from "./contenders/all.ts";
import { LINKS, WORKLOADS } from "./matrix.ts";
import { SERVER_MEASURES } from "./server/measure-server.ts";

/** Measurements that are no cells of the matrix. */
const EXTRAS = ["resume", "signing", "widget", ...Object.keys(SERVER_MEASURES)];
/** Names for several of them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = { server: Object.keys(SERVER_MEASURES) };

export interface Options {
  isQuick: boolean;
  links: string[];
  extras: string[];
  workloads: string[];
  contenders: string[];
  /** MiB of the one big file, instead of the usual; such a run is not saved. */
  bigSize: number | undefined;
  /** Of each workload's bytes, 0 to 1; less than 1 is for trying things out, and not saved. */
  share: number;
  rounds: number;
  congestionControl: string;
  /** The link in user space also where there could be the kernel's. */
  isRelay: boolean;
  /** Measure again what is saved. */
  isFresh: boolean;
  /** Only write table and chart from what is saved. */
  isReport: boolean;
}

export const USAGE = `npm run bench -- [--quick] [--only ${[...Object.keys(LINKS), ...EXTRAS, ...Object.keys(GROUPS)].join(",")}]
  [--files ${Object.keys(WORKLOADS).join(",")}] [--contenders ${CONTENDERS.map(({ name }) => name).join(",")}]
  [--size MIB] [--share 0.1] [--rounds N] [--tcp reno|cubic|bbr] [--relay] [--fresh] [--report]`;

/** @throws {Error} With a sentence for people, if something is not known. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      files: { type: "string" },
      contenders: { type: "string" },
      size: { type: "string" },
      share: { type: "string", default: "1" },
      rounds: { type: "string" },
      // Every kernel has it, so results compare; desktops' cubic is much like it on links like these.
      tcp: { type: "string", default: "reno" },
      relay: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
    },
  });
  const all = [...Object.keys(LINKS), ...EXTRAS];
  const only = choose("--only", values.only ?? (values.quick ? "lossy" : undefined), all);
  const bigSize = values.size === undefined ? undefined : positive("--size", values.size);
  const files = values.files ?? (values.quick || bigSize !== undefined ? "big" : undefined);
  const names = CONTENDERS.map(({ name }) => name);
  return {
    isQuick: values.quick,
    links: only.filter((name) => name in LINKS),
    extras: only.filter((name) => EXTRAS.includes(name)),
    workloads: choose("--files", files, Object.keys(WORKLOADS)),
    contenders: choose("--contenders", values.contenders, names),
    bigSize,
    share: share(values.share),
    rounds: values.rounds === undefined ? 3 : positive("--rounds", values.rounds),
    congestionControl: values.tcp,
    isRelay: values.relay,
    isFresh: values.fresh,
    isReport: values.report,
  };
}

function choose(option: string, list: string | undefined, known: string[]): string[] {
  if (list === undefined) return known;
  const names = list
    .split(",")
    .map((name) => name.trim())
    .flatMap((name) => GROUPS[name] ?? [name]);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option} knows ${known.join(", ")}, not ${unknown}.`);
  return known.filter((name) => names.includes(name));
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${option} wants a whole number, not ${text}.`);
  return number;
}

function share(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new Error(`--share wants a number up to 1, not ${text}.`);
  return number;
}
