import { expect, it } from "vitest";
import { levelOf } from "./request-lines.ts";

it.each([
  ["/v1/uploads", 200, "info"],
  ["/v1/files/:id", 404, "info"],
  ["/v1/uploads", 500, "warn"],
  ["/v1/uploads", 503, "warn"],
  ["/healthz", 200, "debug"],
  ["/readyz", 200, "debug"],
  ["/readyz", 503, "warn"],
  ["unmatched", 404, "info"],
] as const)("an answer of %s with %i is a line at its level", (route, status, level) => {
  expect(levelOf({ route, status })).toBe(level);
});
