import fc from "fast-check";
import { expect, it } from "vitest";
import { FileFeed } from "./file-feed.ts";

const MiB = 1024 * 1024;
const bytesOf = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) % 251);

/** A file of which is counted what is read of it. */
function counted(bytes: Uint8Array<ArrayBuffer>): { file: Blob; read: () => number } {
  let read = 0;
  const file = new Blob([bytes]);
  const slice = file.slice.bind(file);
  file.slice = (start, end) => {
    const piece = slice(start, end);
    read += piece.size;
    return piece;
  };
  return { file, read: () => read };
}

it("reads nothing from the disk of what is handed on in time, in whatever order windows come", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
      fc.integer({ min: 1, max: 5000 }),
      async (order, step) => {
        const bytes = bytesOf(8000);
        const { file, read } = counted(bytes);
        let held = 0;
        const feed = new FileFeed(file, (given) => {
          held -= given;
        });
        const reading = (async () => {
          const pieces: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += step) pieces.push(await feed.read(at, at + step));
          return Buffer.concat(pieces);
        })();
        for (const index of order) {
          await Promise.resolve();
          const window = bytes.slice(index * 1000, (index + 1) * 1000);
          held += window.length;
          feed.arrived({ offset: index * 1000, size: 1000, bytes: window });
        }
        expect((await reading).equals(bytes)).toBe(true);
        expect({ read: read(), held }).toEqual({ read: 0, held: 0 });
      },
    ),
    { numRuns: 50 },
  );
});

it("reads from the disk what was not handed on, and what nobody is going to read", async () => {
  const bytes = bytesOf(3000);
  const { file, read } = counted(bytes);
  const feed = new FileFeed(file, () => {});
  feed.arrived({ offset: 0, size: 1000, bytes: bytes.slice(0, 1000) });
  feed.arrived({ offset: 1000, size: 1000, bytes: null });
  expect(await feed.read(500, 1500)).toEqual(bytes.subarray(500, 1500));
  expect(read()).toBeGreaterThan(0);
  const rest = feed.read(1500, 9000);
  feed.finish();
  expect(await rest).toEqual(bytes.subarray(1500));
});

it("does not wait for the end of a file that is far away", async () => {
  const bytes = new Uint8Array(6 * MiB);
  const feed = new FileFeed(new Blob([bytes]), () => {});
  feed.arrived({ offset: 0, size: 1000, bytes: bytes.slice(0, 1000) });
  expect(await feed.read(bytes.length - 100, bytes.length)).toEqual(bytes.subarray(-100));
});

it("holds no more than a bounded stretch ahead of the place that is read", () => {
  let held = 0;
  const bytes = new Uint8Array(64 * MiB);
  const feed = new FileFeed(new Blob([bytes]), (given) => {
    held -= given;
  });
  for (let offset = MiB; offset < bytes.length; offset += MiB) {
    held += MiB;
    feed.arrived({ offset, size: MiB, bytes: bytes.subarray(offset, offset + MiB) });
  }
  expect(held).toBeLessThanOrEqual(12 * MiB);
  // The same once more, as after a retry.
  held += MiB;
  feed.arrived({ offset: MiB, size: MiB, bytes: bytes.subarray(MiB, 2 * MiB) });
  expect(held).toBeLessThanOrEqual(12 * MiB);
  feed.close();
  expect(held).toBe(0);
});

it("fails of a file that is shorter than it was, and of one that nobody wants", async () => {
  const feed = new FileFeed(
    Object.assign(new Blob([bytesOf(10)]), { slice: () => new Blob([]) }) as Blob,
    () => {},
  );
  feed.finish();
  await expect(feed.read(0, 10)).rejects.toThrow("shorter");
  const closed = new FileFeed(new Blob([bytesOf(10)]), () => {});
  const reading = closed.read(0, 10);
  closed.close();
  await expect(reading).rejects.toThrow("Nobody wants it");
});
