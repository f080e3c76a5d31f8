import fc from "fast-check";
import { expect, test } from "vitest";
import { writeAll } from "./write-all.ts";

/** Takes no more than so many bytes at a time. */
function reluctantFile(most: readonly number[]) {
  const written: Buffer[] = [];
  let calls = 0;
  return {
    written,
    writev: async (pieces: readonly Buffer[]) => {
      const taken = Buffer.concat(pieces).subarray(0, most[calls % most.length]);
      calls += 1;
      written.push(Buffer.from(taken));
      return { bytesWritten: taken.length, buffers: pieces };
    },
  };
}

test("writes every byte once and in order, however little is taken at a time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      async (arrays, most) => {
        const pieces = arrays.map((bytes) => Buffer.from(bytes));
        const file = reluctantFile(most);
        await writeAll(file as never, pieces);
        expect(Buffer.concat(file.written).equals(Buffer.concat(pieces))).toBe(true);
      },
    ),
  );
});

test("ends with the error of the disk", async () => {
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  let calls = 0;
  const file = {
    writev: async (pieces: readonly Buffer[]) => {
      calls += 1;
      if (calls > 1) throw full;
      return { bytesWritten: 1, buffers: pieces };
    },
  };
  await expect(writeAll(file as never, [Buffer.from("ab")])).rejects.toBe(full);
});
