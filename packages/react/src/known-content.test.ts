import { UploadError } from "@audiotricks/protocol";
import type { FileMatch, MatchFilesRequest } from "@audiotricks/protocol/messages";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKnownContent } from "./known-content.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const matchOf = (name: string, size: number): FileMatch => ({
  fileId: `stored-${name}`,
  name,
  size,
  createdAt: "2026-11-24T10:05:00.000Z",
  etag: "0".repeat(32),
  partSize: 1000,
  firstPartMd5: null,
});
const item = (id: string, workspaceId?: string) => ({ id, workspaceId });

/** A library with these names, each as long as it is written; a file is the same as the one of its name. */
function open(library: readonly string[], { answers = true }: { answers?: boolean | Error } = {}) {
  const asked: MatchFilesRequest[] = [];
  const started: string[] = [];
  const compared: string[] = [];
  const files = new Map<string, { name: string; blob: Blob | null }>();
  const known = createKnownContent<{ id: string; workspaceId: string | undefined }>({
    isWanted: () => true,
    file: (id) => files.get(id),
    match: async (request) => {
      asked.push(request);
      if (answers instanceof Error) throw answers;
      if (!answers) await new Promise(() => {});
      return {
        files: library
          .filter(({ length }) => request.sizes.includes(length))
          .map((name) => matchOf(name, name.length)),
      };
    },
    find: async (blob, stored) => {
      const name = await blob.text();
      compared.push(name);
      if (name.startsWith("unreadable")) throw new Error("gone");
      return stored.find((each) => each.name === name) ?? null;
    },
    start: (items) => started.push(...items.map(({ id }) => id)),
    onChange: () => {},
  });
  const add = (...names: string[]) => {
    for (const name of names) files.set(name, { name, blob: new Blob([name]) });
    known.ask(names.map((name) => item(name)));
  };
  const settle = async (ms = 50) => await vi.advanceTimersByTimeAsync(ms);
  const foundNames = () => known.found().map(({ name }) => name);
  return { known, add, settle, asked, started, compared, files, foundNames };
}

describe("files that are stored already", () => {
  it("wait for a person, and the others begin", async () => {
    const { known, add, settle, started, foundNames, asked } = open(["song.wav", "beat.wav"]);
    add("song.wav", "loop.wav", "another.wav");
    known.pass(["song.wav", "loop.wav", "another.wav"].map((id) => item(id)));
    await settle();
    expect(asked).toEqual([{ sizes: [8, 11] }]);
    // The one of another size was not read at all.
    expect(started.toSorted()).toEqual(["another.wav", "loop.wav"]);
    expect(foundNames()).toEqual(["song.wav"]);
    expect(known.found()[0]?.stored).toEqual({
      id: "stored-song.wav",
      name: "song.wav",
      createdAt: "2026-11-24T10:05:00.000Z",
    });
    await settle(60_000);
    expect(started).not.toContain("song.wav");
    known.release(["song.wav"]);
    expect(started).toContain("song.wav");
    expect(foundNames()).toEqual([]);
    known.release(["song.wav"]);
    expect(started.filter((id) => id === "song.wav")).toHaveLength(1);
  });

  it("are asked for together, and only once they were found are they anybody's business", async () => {
    const { known, add, settle, started, asked, foundNames } = open(["song.wav"]);
    add("song.wav");
    add("beat.wav");
    await settle();
    expect(asked).toHaveLength(1);
    expect(foundNames()).toEqual(["song.wav"]);
    // Released before whatever else keeps it back lets it go.
    known.release(["song.wav"]);
    expect(started).toEqual([]);
    known.pass([item("song.wav"), item("beat.wav")]);
    expect(started).toEqual(["song.wav", "beat.wav"]);
  });

  it("keep nobody waiting where the companion does not answer, and nobody is asked again whom it knows nothing of", async () => {
    const silent = open(["song.wav"], { answers: false });
    silent.add("song.wav");
    silent.known.pass([item("song.wav")]);
    await silent.settle(500);
    expect(silent.started).toEqual([]);
    await silent.settle(600);
    expect(silent.started).toEqual(["song.wav"]);

    const older = open(["song.wav"], { answers: new UploadError("route_not_found", "") });
    older.add("song.wav");
    older.known.pass([item("song.wav")]);
    await older.settle();
    older.add("beat.wav");
    older.known.pass([item("beat.wav")]);
    await older.settle();
    expect(older.started).toEqual(["song.wav", "beat.wav"]);
    expect(older.asked).toHaveLength(1);
  });

  it("are left to the engine where they cannot be read, and forgotten where they leave the list", async () => {
    const { known, add, settle, started, foundNames } = open(["unreadable.wav", "song.wav", "beat.wav"]);
    add("unreadable.wav", "song.wav", "beat.wav");
    known.pass([item("unreadable.wav"), item("song.wav"), item("beat.wav")]);
    await settle();
    expect(started).toEqual(["unreadable.wav"]);
    const before = known.found();
    known.remove("song.wav");
    expect(foundNames()).toEqual(["beat.wav"]);
    expect(known.found()).not.toBe(before);
    known.release(["song.wav"]);
    expect(started).toEqual(["unreadable.wav"]);
  });

  it("are asked for in questions of a thousand sizes", async () => {
    const { known, add, settle, asked, started } = open([]);
    const names = Array.from({ length: 1_500 }, (_, index) => "x".repeat(index + 1));
    add(...names);
    known.pass(names.map((id) => item(id)));
    await settle();
    expect(asked.map(({ sizes }) => sizes.length)).toEqual([1000, 500]);
    expect(started).toHaveLength(1_500);
  });
});
