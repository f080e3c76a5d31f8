import fc from "fast-check";
import { type Climate, FAULT_KINDS } from "../world/climate.ts";
import type { ByHand } from "./by-hand.ts";
import { type Operation, operation } from "./operation.ts";

const MiB = 1024 * 1024;

/** One run, whole: whoever has it can have the run again. */
export interface Scenario {
  climate: Climate;
  operations: Operation[];
  servers: number;
  honoursCopyCondition: boolean;
  timeZone: string;
  sessionExpiresIn: number;
  uploadUrlExpiresIn: number;
  userBytes: number | null;
  userFiles: number | null;
  workspaceBytes: number | null;
  byHand: ByHand;
  /** After which share of the operations the backup is taken, in hundredths. */
  backupAt: number;
}

/** Most kinds of trouble are away most of the time, so that the others are not hidden behind them. */
const likelihood = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat({ max: 6 }) },
  { weight: 1, arbitrary: fc.nat({ max: 40 }) },
);

/** Few events are sent in a run, so that what happens seldom would never happen to them. */
const likelihoodAtReceiver = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.nat({ max: 20 }) },
  { weight: 1, arbitrary: fc.nat({ max: 70 }) },
);

export const scenario: fc.Arbitrary<Scenario> = fc.noBias(
  fc.record({
    climate: fc.record(
      Object.fromEntries(
        FAULT_KINDS.map((kind) => [kind, kind.startsWith("webhook-") ? likelihoodAtReceiver : likelihood]),
      ) as Record<keyof Climate, typeof likelihood>,
    ),
    // Short ones end soon after what matters, so that more of them are lived through; long ones get further.
    operations: fc.oneof(
      { weight: 3, arbitrary: fc.array(operation, { minLength: 0, maxLength: 50, size: "max" }) },
      { weight: 1, arbitrary: fc.array(operation, { minLength: 50, maxLength: 150, size: "max" }) },
    ),
    servers: fc.constantFrom(2, 3),
    honoursCopyCondition: fc.boolean(),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"),
    sessionExpiresIn: fc.constantFrom(86_400, 3_600, 259_200),
    uploadUrlExpiresIn: fc.constantFrom(3_600, 60),
    userBytes: fc.constantFrom(null, 60 * MiB),
    userFiles: fc.constantFrom(null, 9),
    workspaceBytes: fc.constantFrom(null, 40 * MiB),
    byHand: fc.oneof(
      { weight: 10, arbitrary: fc.constant<ByHand>("nothing") },
      { weight: 1, arbitrary: fc.constant<ByHand>("edits") },
      { weight: 1, arbitrary: fc.constant<ByHand>("restore") },
    ),
    backupAt: fc.nat({ max: 99 }),
  }),
);
