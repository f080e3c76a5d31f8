import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitInOrder, type Room } from "./fit-in-order.ts";

const limit = (max: number) => fc.option(fc.integer({ min: -max, max }), { nil: null });
const room: fc.Arbitrary<Room> = fc.record({
  scope: fc.constantFrom("user", "workspace"),
  bytes: limit(200),
  files: limit(8),
});
const file = fc.integer({ min: 1, max: 100 }).map((bytes) => ({ bytes, files: 1 }));
const reserved = fc.constant({ bytes: 0, files: 0 });
const demands = fc.array(fc.oneof({ weight: 4, arbitrary: file }, reserved), { maxLength: 20 });
const rooms = fc.array(room, { maxLength: 2 });

describe("files in order", () => {
  it("never take more bytes or files than every room has", () => {
    fc.assert(
      fc.property(demands, rooms, (all, limits) => {
        const marks = fitInOrder(all, limits);
        const going = all.filter((_, index) => marks[index]);
        const bytes = going.reduce((sum, demand) => sum + demand.bytes, 0);
        const files = going.reduce((sum, demand) => sum + demand.files, 0);
        for (const limited of limits) {
          if (limited.bytes !== null) expect(bytes).toBeLessThanOrEqual(Math.max(0, limited.bytes));
          if (limited.files !== null) expect(files).toBeLessThanOrEqual(Math.max(0, limited.files));
        }
      }),
    );
  });

  it("fit wherever what goes before leaves room, however large one is that does not", () => {
    fc.assert(
      fc.property(demands, rooms, (all, limits) => {
        const marks = fitInOrder(all, limits);
        expect(marks).toHaveLength(all.length);
        for (const [index, demand] of all.entries()) {
          const before = all.slice(0, index).filter((_, earlier) => marks[earlier]);
          const bytes = before.reduce((sum, each) => sum + each.bytes, demand.bytes);
          const files = before.reduce((sum, each) => sum + each.files, demand.files);
          const hasRoom = limits.every(
            (limited) =>
              (limited.bytes === null || bytes <= limited.bytes) &&
              (limited.files === null || files <= limited.files),
          );
          expect(marks[index]).toBe(hasRoom || demand.files === 0);
        }
      }),
    );
  });

  it("are marked the same when those that do not fit are left out", () => {
    fc.assert(
      fc.property(demands, rooms, (all, limits) => {
        const marks = fitInOrder(all, limits);
        const going = all.filter((_, index) => marks[index]);
        expect(fitInOrder(going, limits)).toEqual(going.map(() => true));
      }),
    );
  });

  it("all fit where nothing is limited", () => {
    expect(fitInOrder([{ bytes: 1e15, files: 1 }], [])).toEqual([true]);
    expect(fitInOrder([{ bytes: 1e15, files: 1 }], [{ scope: "user", bytes: null, files: null }])).toEqual([
      true,
    ]);
  });

  it("fill a room to the last byte and the last file", () => {
    const limits: Room[] = [{ scope: "workspace", bytes: 10, files: 2 }];
    const sizes = [7, 4, 3, 0.5].map((bytes) => ({ bytes, files: 1 }));
    expect(fitInOrder(sizes, limits)).toEqual([true, false, true, false]);
  });
});
