import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentDisposition } from "./content-disposition.ts";

describe("contentDisposition", { timeout: 60_000 }, () => {
  it.each([
    ["song.mp3", 'attachment; filename="song.mp3"'],
    ["a b's (1).mp3", 'attachment; filename="a b\'s (1).mp3"'],
    ["naïve.mp3", "attachment; filename=\"naive.mp3\"; filename*=UTF-8''na%C3%AFve.mp3"],
    ['€ "x".mp3', "attachment; filename=\"_ _x_.mp3\"; filename*=UTF-8''%E2%82%AC%20%22x%22.mp3"],
    ["../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'],
    [
      "．．／a﹨.mp3",
      "attachment; filename=\".._a_.mp3\"; filename*=UTF-8''%EF%BC%8E%EF%BC%8E%EF%BC%8Fa%EF%B9%A8.mp3",
    ],
    ["evil\r\nSet-Cookie: a=b.mp3", 'attachment; filename="evilSet-Cookie: a=b.mp3"'],
    ["exe.\u202egpm.mp3", 'attachment; filename="exe.gpm.mp3"'],
    ["\u0000", "attachment"],
    ["🎵.opus", "attachment; filename=\"_.opus\"; filename*=UTF-8''%F0%9F%8E%B5.opus"],
  ])("of %j is %j", (name, header) => {
    expect(contentDisposition("attachment", name)).toBe(header);
  });

  it("is one printable ASCII header for any name, and gives the name back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const header = contentDisposition("inline", name);
        expect(header).toMatch(
          /^inline(?:; filename="[^"\\/%;]*"(?:; filename\*=UTF-8''[A-Za-z0-9._~%-]+)?)?$/,
        );
        expect(header).toMatch(/^[\x20-\x7e]+$/);
        const encoded = /filename\*=UTF-8''(.+)$/.exec(header)?.[1];
        if (encoded !== undefined) {
          expect(decodeURIComponent(encoded)).toBe(
            name
              .toWellFormed()
              .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
              .replaceAll(/[/\\]/g, "_")
              .trim(),
          );
        }
      }),
    );
  });
});
