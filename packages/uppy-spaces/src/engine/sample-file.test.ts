import { expect, it } from "vitest";
import { createBlobHasher } from "../md5/blob-hasher.ts";
import { sampleFile } from "./sample-file.ts";

const { signal } = new AbortController();
const sample = (bytes: Uint8Array<ArrayBuffer>) => sampleFile(new Blob([bytes]), createBlobHasher(), signal);
const changed = (bytes: Uint8Array<ArrayBuffer>, at: number) => {
  const copy = bytes.slice();
  copy[at] = 1;
  return copy;
};

it("tells small files apart by any byte", async () => {
  const bytes = new Uint8Array(1000);
  expect(await sample(bytes.slice())).toBe(await sample(bytes));
  for (const at of [0, 500, 999]) expect(await sample(changed(bytes, at))).not.toBe(await sample(bytes));
});

it("looks at the beginning, the end and some places between of a large one, and at no more", async () => {
  const size = 20 * 1024 * 1024;
  const bytes = new Uint8Array(size);
  const step = Math.floor((size - 65_536) / 15);
  for (const at of [0, size - 1, 5 * step + 100, 14 * step + 100])
    expect(await sample(changed(bytes, at))).not.toBe(await sample(bytes));
  expect(await sample(changed(bytes, 100_000))).toBe(await sample(bytes));
});
