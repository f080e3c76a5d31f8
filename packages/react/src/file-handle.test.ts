import { expect, it } from "vitest";
import { handleOf } from "./file-handle.fixture.ts";
import { reopen } from "./file-handle.ts";

const file = new File(["song"], "a.wav", { lastModified: 5 });
const mark = { size: 4, lastModified: 5 };

it("reads a file again that is what it was", async () => {
  const { handle } = handleOf(file);
  expect(await reopen(handle, mark, false)).toEqual({ outcome: "ready", file });
  const { queryPermission: _, requestPermission: __, ...plain } = handle;
  expect(await reopen(plain, mark, false)).toEqual({ outcome: "ready", file });
});

it("asks the person only where it may, and once", async () => {
  const { handle, asked } = handleOf(file, "prompt");
  expect(await reopen(handle, mark, false)).toEqual({ outcome: "refused" });
  expect(asked.count).toBe(0);
  expect(await reopen(handle, mark, true)).toMatchObject({ outcome: "ready" });
  expect(await reopen(handle, mark, true)).toMatchObject({ outcome: "ready" });
  expect(asked.count).toBe(1);
});

it.each(["denied" as const, new DOMException("no click", "SecurityError")])(
  "takes no for a no: %s",
  async (answer) => {
    const { handle, asked } = handleOf(file, "prompt");
    asked.answer = answer;
    expect(await reopen(handle, mark, true)).toEqual({ outcome: "refused" });
  },
);

it("does not take another file for the one that it was", async () => {
  const { handle, replace } = handleOf(file);
  replace(new File(["song"], "a.wav", { lastModified: 6 }));
  expect(await reopen(handle, mark, true)).toEqual({ outcome: "changed" });
  replace(new File(["songs"], "a.wav", { lastModified: 5 }));
  expect(await reopen(handle, mark, true)).toEqual({ outcome: "changed" });
  replace(null);
  expect(await reopen(handle, mark, true)).toEqual({ outcome: "gone" });
});
