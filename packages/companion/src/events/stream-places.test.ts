import { UploadError } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { createStreamPlaces, type StreamLimits } from "./stream-places.ts";

function outcomes(limits: StreamLimits, users: string[]): string[] {
  const places = createStreamPlaces(limits);
  return users.map((user) => {
    try {
      places.take(user);
      return "taken";
    } catch (error) {
      return error instanceof UploadError ? error.code : String(error);
    }
  });
}

describe("places for event streams", () => {
  it("are so many of a user, by whatever letters the id is written, and so many in all", () => {
    expect(outcomes({ perUser: 2, perProcess: 3 }, ["a", "A", "a", "b", "b", "c"])).toEqual([
      "taken",
      "taken",
      "too_many_streams",
      "taken",
      "streams_unavailable",
      "streams_unavailable",
    ]);
    expect(outcomes({ perUser: 2, perProcess: 0 }, ["a"])).toEqual(["streams_unavailable"]);
  });

  it("are free again once given back, and only once", () => {
    const places = createStreamPlaces({ perUser: 1, perProcess: 2 });
    const giveBack = places.take("a");
    expect(() => places.take("a")).toThrow(expect.objectContaining({ status: 429 }));
    giveBack();
    giveBack();
    places.take("a");
    places.take("b");
    expect(() => places.take("c")).toThrow(
      expect.objectContaining({ status: 503, details: { retryAfterMs: 30_000 } }),
    );
  });
});
