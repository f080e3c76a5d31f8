import { describe, expect, it } from "vitest";
import { beginAgain } from "./begin-again.ts";

const coded = (code: string) => Object.assign(new Error("made up"), { code });

/** Fails so many times, then answers how often it was begun. */
function failing(times: number, error: Error) {
  const work = {
    begun: 0,
    run: () => {
      work.begun++;
      return work.begun <= times ? Promise.reject(error) : Promise.resolve(work.begun);
    },
  };
  return work;
}

describe("beginAgain", () => {
  it.each(["40P01", "40001", "55P03"])("does again what others were in the way of (%s)", async (code) => {
    expect(await beginAgain(failing(3, coded(code)).run)).toBe(4);
  });

  it("does again what was prepared for other columns, and not what PostgreSQL cannot do", async () => {
    const changed = Object.assign(coded("0A000"), { routine: "RevalidateCachedQuery" });
    expect(await beginAgain(failing(1, changed).run)).toBe(2);
    const cannot = Object.assign(coded("0A000"), { routine: "transformOnConflictClause" });
    await expect(beginAgain(failing(1, cannot).run)).rejects.toBe(cannot);
  });

  it("gives up after a while, and says when to come again", async () => {
    const work = failing(1_000, coded("40P01"));
    const beganAt = performance.now();
    await expect(beginAgain(work.run)).rejects.toMatchObject({
      code: "database_unavailable",
      status: 503,
      details: { retryAfterMs: 1_000 },
    });
    expect(work.begun).toBe(8);
    expect(performance.now() - beganAt).toBeLessThan(5_000);
  });

  it.each([coded("23505"), coded("23514"), new Error("a mistake of ours")])(
    "does nothing else again (%#)",
    async (error) => {
      const work = failing(1, error);
      await expect(beginAgain(work.run)).rejects.toBe(error);
      expect(work.begun).toBe(1);
    },
  );
});
