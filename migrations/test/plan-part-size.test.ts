import { PREFERRED_PART_SIZE, planPartSize, S3_LIMITS } from "@audiotricks/protocol";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";

const MiB = 1024 ** 2;
const { minPartSize, maxPartSize, maxPartCount, maxObjectSize } = S3_LIMITS;

/** Where one of the rules begins or ends, and its neighbours. */
const edges = [
  1,
  minPartSize,
  10 * MiB,
  100 * MiB,
  200 * MiB,
  400 * MiB,
  40 * maxPartSize,
  maxPartSize,
  maxPartCount * minPartSize,
  maxPartCount * 10 * MiB,
  maxObjectSize,
]
  .flatMap((n) => [n - 1, n, n + 1, n + MiB])
  .filter((n) => n >= 1);
const fileSizes = fc.oneof(
  fc.constantFrom(...edges.filter((n) => n <= maxObjectSize)),
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: maxObjectSize }),
  // Around whole MiB a part, at 10,000 parts.
  fc
    .tuple(fc.integer({ min: 1, max: 476 }), fc.integer({ min: -2, max: 2 }))
    .map(([n, d]) => n * MiB * maxPartCount + d),
);
const preferredSizes = fc.oneof(
  fc.constantFrom(PREFERRED_PART_SIZE, ...edges),
  fc.integer({ min: 1, max: 2 ** 40 }),
);

describe.each(ENGINES)("plan_part_size on $engine", ({ open }) => {
  it("is the rule of planPartSize", async () => {
    await using database = await open();
    const cases = [
      ...edges
        .filter((n) => n <= maxObjectSize)
        .flatMap((size) => edges.map((preferred) => ({ size, preferred }))),
      ...fc.sample(fc.record({ size: fileSizes, preferred: preferredSizes }), 3000),
    ];
    const { rows } = await sql<{ planned: number }>`
      SELECT plan_part_size(size, preferred) AS planned
      FROM jsonb_to_recordset(${JSON.stringify(cases)}::jsonb) AS c (size bigint, preferred bigint)`.execute(
      database.db,
    );
    const wrong = cases.filter(
      ({ size, preferred }, index) => rows[index]?.planned !== planPartSize(size, preferred),
    );
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(3000);
  });

  it("refuses what planPartSize refuses", async () => {
    await using database = await open();
    for (const [size, preferred] of [
      [0, 1],
      [-1, 1],
      [maxObjectSize + 1, 1],
      ["9223372036854775807", 1],
      [1, 0],
      [1, -5],
    ] as const) {
      expect(() => planPartSize(Number(size), preferred)).toThrow(RangeError);
      await expect(
        sql`SELECT plan_part_size(${size}::bigint, ${preferred}::bigint)`.execute(database.db),
      ).rejects.toMatchObject({ code: "22023" });
    }
  });
});
