import type { AccessLevel } from "@audiotricks/protocol/messages";
import { describe, expect, it } from "vitest";
import { canShare, describeLevel, describeSharingError, levelsOf } from "./describe-access.ts";

const may = (levels: AccessLevel[], share = false) => ({ rename: true, delete: true, share, levels });

describe("what is offered of a file", () => {
  it("is what it can be given, and what it is, from few eyes to many", () => {
    expect(levelsOf({ accessLevel: "workspace", may: may(["public", "private"]) })).toEqual([
      "private",
      "workspace",
      "public",
    ]);
    expect(levelsOf({ accessLevel: "public", may: may([]) })).toEqual(["public"]);
    // A server of an earlier release does not tell.
    expect(levelsOf({ accessLevel: "private" })).toEqual(["private"]);
  });

  it("is nothing where nothing could be changed", () => {
    expect(canShare({ accessLevel: "private" })).toBe(false);
    expect(canShare({ accessLevel: "private", may: may([]) })).toBe(false);
    expect(canShare({ accessLevel: "private", may: may(["private"]) })).toBe(false);
    expect(canShare({ accessLevel: "private", may: may(["private", "public"]) })).toBe(true);
    expect(canShare({ accessLevel: "private", may: may([], true) })).toBe(true);
  });
});

describe("sharing in words", () => {
  it("says who reads it, for every level", () => {
    const levels: AccessLevel[] = ["private", "workspace", "public"];
    const notes = levels.map((level) => describeLevel(level).note);
    expect(new Set(notes).size).toBe(levels.length);
    expect(describeLevel("public")).toEqual({
      title: "Public",
      note: "Anyone who has the address, without signing in.",
    });
  });

  it("says of a refusal what it means for sharing, and nothing of uploads", () => {
    const say = (code: Parameters<typeof describeSharingError>[0]["code"], details = {}) =>
      describeSharingError({ code, message: "", details });
    expect(say("forbidden")).toBe("Only whoever uploaded it, or an admin of the workspace, can change this.");
    expect(say("file_not_ready")).toBe("The file is not ready yet. Try again in a moment.");
    expect(say("internal", { reason: "unreachable" })).toBe("The server does not answer.");
    expect(say("provider_unsupported")).toBe("The storage cannot do this. Ask whoever runs this service.");
  });
});
