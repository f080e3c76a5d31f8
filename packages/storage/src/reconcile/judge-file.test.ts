import { describe, expect, it } from "vitest";
import type { FileRow } from "./file-rows.ts";
import { judgeFile } from "./judge-file.ts";

const ENDED_AT = new Date("2026-11-28T12:00:00Z");
const minutesLater = (minutes: number) => new Date(ENDED_AT.getTime() + minutes * 60_000);

function row(state: string, more: Partial<FileRow> = {}): FileRow {
  const isPromised = ["stored", "processing", "processed", "quarantined", "archived", "recalling"].includes(
    state,
  );
  const of = {
    id: "f",
    key: "k",
    size: 5,
    etag: "e",
    hasOpenSession: false,
    hasOwner: true,
    changedAt: ENDED_AT,
  };
  return { ...of, state, isPromised, ...more };
}
const object = { key: "k", size: 5, etag: "e", lastModified: minutesLater(-60) };

describe("a file whose bytes are promised", () => {
  it.each(["stored", "processing", "processed", "quarantined", "archived", "recalling"])(
    "must be there as it was proved: %s",
    (state) => {
      expect(judgeFile(row(state), object)).toBe("fine");
      expect(judgeFile(row(state), undefined)).toBe("object_missing");
      expect(judgeFile(row(state), { ...object, size: 6 })).toBe("object_differs");
      expect(judgeFile(row(state), { ...object, etag: "other" })).toBe("object_differs");
    },
  );

  it("is known by its size alone where no ETag was kept", () => {
    expect(judgeFile(row("stored", { etag: null }), { ...object, etag: "any" })).toBe("fine");
  });
});

it("names a promised file that is nobody's, after what is wrong with its bytes", () => {
  const nobodys = row("stored", { hasOwner: false });
  expect(judgeFile(nobodys, object)).toBe("file_without_owner");
  expect(judgeFile(nobodys, undefined)).toBe("object_missing");
  expect(judgeFile(row("deleted", { hasOwner: false }), undefined)).toBe("fine");
});

describe("an upload under way", () => {
  it.each([object, undefined])("may have an object or not, as long as a session can end it", (found) => {
    expect(judgeFile(row("uploading", { hasOpenSession: true }), found)).toBe("fine");
    expect(judgeFile(row("uploading"), found)).toBe("upload_without_session");
  });
});

describe("an object whose row has ended", () => {
  it("goes where it was to be deleted, however old it is", () => {
    expect(judgeFile(row("deleted"), object)).toBe("ended_object");
    expect(judgeFile(row("deleted"), undefined)).toBe("fine");
    expect(judgeFile(row("deleting"), object)).toBe("fine");
  });

  it("goes after a failure only if it came later, by more than clocks can be apart", () => {
    const at = (minutes: number) =>
      judgeFile(row("failed"), { ...object, lastModified: minutesLater(minutes) });
    expect([at(-1), at(0), at(0.9), at(2)]).toEqual([
      "failed_with_object",
      "failed_with_object",
      "failed_with_object",
      "ended_object",
    ]);
    expect(judgeFile(row("failed"), undefined)).toBe("fine");
  });

  it("is left alone while its session is not over", () => {
    const late = { ...object, lastModified: minutesLater(5) };
    expect(judgeFile(row("failed", { hasOpenSession: true }), late)).toBe("fine");
  });
});
