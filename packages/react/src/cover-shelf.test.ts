import { expect, it } from "vitest";
import { createCoverShelf } from "./cover-shelf.ts";

const bitmapOf = (id: string) => ({ width: 80, id }) as unknown as ImageBitmap;

it("reads one at a time, the newest wish first, and each once", async () => {
  const read: string[] = [];
  let atOnce = 0;
  const covers = createCoverShelf(async (id) => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    read.push(id);
    await Promise.resolve();
    atOnce -= 1;
    return id === "none" ? null : bitmapOf(id);
  });
  const wishes = ["a", "b", "none", "a"].map((id) => covers.get(id));
  expect(await Promise.all(wishes)).toEqual([bitmapOf("a"), bitmapOf("b"), null, bitmapOf("a")]);
  expect(read).toEqual(["a", "none", "b"]);
  covers.forget("a");
  await covers.get("a");
  expect(read).toHaveLength(4);
});

it("keeps some screens of them, and has none of a file that fails", async () => {
  let count = 0;
  const covers = createCoverShelf(async (id) => {
    count += 1;
    if (id === "0") throw new Error("gone");
    return bitmapOf(id);
  });
  for (let index = 0; index < 200; index += 1) await covers.get(`${index}`);
  expect(await covers.get("0")).toBeNull();
  await covers.get("199");
  expect(count).toBe(201);
});
