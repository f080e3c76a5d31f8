import { describe, expect, it } from "vitest";
import { objectHeadersOf } from "./object-headers.ts";

describe("objectHeadersOf", () => {
  it.each([
    ["audio/uploads/2026/11/a.wav", "public, max-age=604800", undefined],
    ["static/avatars/a.png", "public, max-age=31536000, immutable", undefined],
    ["static/workspace-assets/a.png", "public, max-age=31536000, immutable", undefined],
    ["documents/2026/11/a.pdf", "public, max-age=86400", "attachment"],
    ["exports/bulk/2026/11/a.zip", "public, max-age=86400", "attachment"],
    ["backups/database/a.gz", "private, no-store", "attachment"],
    ["temp/uploads/a", "private, no-store", "attachment"],
    ["", "private, no-store", "attachment"],
  ])("of %j", (key, cacheControl, disposition) => {
    expect(objectHeadersOf(key)).toEqual({
      CacheControl: cacheControl,
      ...(disposition === undefined ? {} : { ContentDisposition: disposition }),
    });
  });
});
