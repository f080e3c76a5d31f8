import { expect, it } from "vitest";
import { serviceToken } from "./service-token.ts";

const [OLD, NEW] = ["a".repeat(32), "b".repeat(32)];

async function callerOf(authorization: string | undefined) {
  const authenticate = serviceToken({ service: "pipeline", tokens: [OLD, NEW] });
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return authenticate(new Request("http://x/", { headers }));
}

it.each([`Bearer ${OLD}`, `Bearer ${NEW}`, `bearer ${NEW}`])("knows the service by %s", async (header) => {
  expect(await callerOf(header)).toEqual({ service: "pipeline" });
});

it.each([undefined, "", "Bearer", `Basic ${OLD}`, `Bearer ${OLD}x`, `Bearer ${OLD.slice(1)}`, OLD])(
  "knows nobody by %j",
  async (header) => {
    expect(await callerOf(header)).toBeNull();
  },
);

it("refuses tokens that can be guessed, and none at all", () => {
  expect(() => serviceToken({ service: "s", tokens: [] })).toThrow(RangeError);
  expect(() => serviceToken({ service: "s", tokens: [OLD, "short"] })).toThrow(RangeError);
});
