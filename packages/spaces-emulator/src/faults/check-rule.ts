import { OPERATIONS, type Operation } from "../operation.ts";
import { FaultError } from "./fault-error.ts";
import type { FaultName, FaultRule } from "./fault-rule.ts";

/** What a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

type Check = readonly [says: string, holds: (value: unknown) => boolean];

const whole = (min: number, max: number): Check => [
  `a whole number from ${min} to ${max}`,
  (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
];
const oneOf = (...words: string[]): Check => [
  `one of ${words.join(", ")}`,
  (value) => words.includes(String(value)) && typeof value === "string",
];
const ms = whole(0, LONGEST_MS);
const effect = oneOf("none", "done");
const count = whole(1, 1_000_000_000);
const flag: Check = ["true or false", (value) => typeof value === "boolean"];

const MATCH: Record<string, Check> = {
  operation: [
    `an operation or a list of some, of ${OPERATIONS.join(", ")}`,
    (value) => {
      const names: readonly unknown[] = Array.isArray(value) ? value : [value];
      return names.length > 0 && names.every((name) => OPERATIONS.includes(name as Operation));
    },
  ],
  keyPrefix: ["a text", (value) => typeof value === "string"],
  nth: count,
  times: count,
  forMs: whole(1, LONGEST_MS),
  probability: ["above 0 and at most 1", (value) => typeof value === "number" && value > 0 && value <= 1],
};

interface Kind {
  fields?: Record<string, Check>;
  needs?: string;
  /** Those it makes sense for. */
  operations?: readonly Operation[];
}

const COPIES = ["CopyObject", "UploadPartCopy"] as const;

const KINDS: Record<FaultName, Kind> = {
  error: {
    fields: {
      status: whole(400, 599),
      code: ["a word", (value) => typeof value === "string" && /^\w{1,100}$/.test(value)],
      effect,
    },
  },
  "error-in-200": { fields: { effect }, operations: ["CompleteMultipartUpload", ...COPIES] },
  "lost-answer": {},
  "time-out": { fields: { effect } },
  reset: { fields: { afterBytes: whole(0, Number.MAX_SAFE_INTEGER) } },
  truncated: { fields: { seemsWhole: flag } },
  "slow-socket": { fields: { bytesPerSecond: whole(1, Number.MAX_SAFE_INTEGER) }, needs: "bytesPerSecond" },
  delay: { fields: { ms, effect } },
  "slow-complete": { fields: { ms }, operations: ["CompleteMultipartUpload"] },
  "hidden-etag": {},
  "clock-skew": { fields: { aheadMs: whole(-LONGEST_MS, LONGEST_MS) }, needs: "aheadMs" },
  "stale-list": { operations: ["ListMultipartUploads", "ListObjects", "ListObjectsV2", "ListParts"] },
  "store-full": {
    fields: { of: oneOf("disk", "quota") },
    operations: [...COPIES, "CreateMultipartUpload", "PostObject", "PutObject", "UploadPart"],
  },
};

export const FAULT_NAMES: readonly string[] = Object.keys(KINDS);

/**
 * A rule from outside. What is misspelt is refused: it would strike other requests than were meant.
 *
 * @throws {FaultError} `invalid_rule`
 */
export function checkRule(value: unknown): FaultRule {
  if (typeof value !== "object" || value === null) throw invalid("A rule is an object with a fault.");
  const { fault, ...rest } = value as Record<string, unknown>;
  if (typeof fault !== "string" || !Object.hasOwn(KINDS, fault))
    throw invalid(`fault must be one of ${FAULT_NAMES.join(", ")}.`);
  const { fields = {}, needs, operations } = KINDS[fault as FaultName];
  const given = Object.entries(rest).filter(([, content]) => content !== undefined);
  const known: Record<string, Check> = { ...fields, ...MATCH };
  for (const [name, content] of given) {
    const check = Object.hasOwn(known, name) ? known[name] : undefined;
    if (check === undefined)
      throw invalid(`${name} means nothing for ${fault}; it takes ${Object.keys(known).join(", ")}.`);
    if (!check[1](content)) throw invalid(`${name} must be ${check[0]}.`);
  }
  if (needs !== undefined && rest[needs] === undefined) throw invalid(`${fault} wants ${needs}.`);
  const rule = { fault, ...Object.fromEntries(given) } as unknown as FaultRule;
  if (operationsOf(rule).length === 0)
    throw invalid(`${fault} happens to ${operations?.join(", ")} alone, not to ${String(rest.operation)}.`);
  return rule;
}

/** Those that a rule can strike. */
export function operationsOf({ fault, operation }: FaultRule): readonly Operation[] {
  const possible = KINDS[fault].operations ?? OPERATIONS;
  if (operation === undefined) return possible.filter((name) => name !== "Preflight");
  const wanted = typeof operation === "string" ? [operation] : operation;
  return possible.filter((name) => wanted.includes(name));
}

function invalid(message: string): FaultError {
  return new FaultError("invalid_rule", message);
}
