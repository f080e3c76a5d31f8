import { expect, it } from "vitest";
import { stillCompleting } from "./still-completing.ts";

it.each([
  [null, 1_500],
  [0, 1_500],
  [15_000, 1_500],
  [60_004, 6_000],
  [590_000, 15_000],
])(
  "asks for patience as the store takes longer: %s ms after Complete, in %i ms",
  (completeSentAgoMs, retryAfterMs) => {
    expect(stillCompleting({ id: "s", completeSentAgoMs })).toEqual({
      state: "completing",
      sessionId: "s",
      retryAfterMs,
    });
  },
);
