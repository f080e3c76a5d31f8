import { describe, expect, it } from "vitest";
import { isStorableText, toStorable } from "./storable-text.ts";

describe("toStorable", () => {
  it.each([
    ["a\0b", "a\uFFFDb"],
    ["\uD83C", "\uFFFD"],
    ["\uDFB5\uD83C x", "\uFFFD\uFFFD x"],
    ["🎵 é", "🎵 é"],
  ])("replaces what PostgreSQL refuses in %j", (text, storable) => {
    expect(toStorable(text)).toBe(storable);
    expect(isStorableText(toStorable(text))).toBe(true);
  });

  it("goes to any depth, and leaves what is no text", () => {
    expect(toStorable({ a: [{ "b\0": "\0" }, null, 1, true], c: undefined })).toEqual({
      a: [{ "b\uFFFD": "\uFFFD" }, null, 1, true],
      c: undefined,
    });
  });
});
