import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DroppedFile, listenForDrops } from "./dropped-handles.ts";
import { directoryOf, handleOf } from "./file-handle.fixture.ts";
import type { DirectoryHandle, FileHandle } from "./file-handle.ts";

const fileOf = (name: string, content = "song") => new File([content], name, { lastModified: 5 });
const dropped = (file: File, relativePath: string | null = null): DroppedFile => {
  const { name, size, lastModified } = file;
  return { name, size, lastModified, relativePath };
};

/** What the browser says of a drop, in the turn of the event only. */
function drop(
  target: EventTarget,
  roots: readonly (FileHandle | DirectoryHandle | null | undefined | Error)[],
): void {
  let isOver = false;
  const items = roots.map((root) => ({
    kind: "file",
    getAsFileSystemHandle: async () => {
      if (isOver) throw new Error("asked too late");
      if (root instanceof Error) throw root;
      return root;
    },
  }));
  target.dispatchEvent(Object.assign(new Event("drop"), { dataTransfer: { items } }));
  isOver = true;
}

beforeEach(() => vi.stubGlobal("isSecureContext", true));
afterEach(() => vi.unstubAllGlobals());

describe("listenForDrops", () => {
  it("finds the handle of a file that was dropped", async () => {
    const target = new EventTarget();
    const { find } = listenForDrops(target);
    const [a, b] = [fileOf("a.wav"), fileOf("b.wav")];
    const { handle } = handleOf(b);
    drop(target, [handleOf(a).handle, null, undefined, new DOMException("no", "NotAllowedError"), handle]);
    expect(await find(dropped(b))).toBe(handle);
    expect(await find(dropped(fileOf("c.wav")))).toBeNull();
  });

  it("finds a file in a dropped folder by its path", async () => {
    const target = new EventTarget();
    const { find } = listenForDrops(target);
    const file = fileOf("1.wav");
    const { handle } = handleOf(file);
    drop(target, [directoryOf("album", [directoryOf("side a", [handle])])]);
    expect(await find(dropped(file, "album/side a/1.wav"))).toBe(handle);
    expect(await find(dropped(file, "album/side b/1.wav"))).toBeNull();
    expect(await find(dropped(file))).toBeNull();
  });

  it("tells files of one name apart by size and date, over several drops", async () => {
    const target = new EventTarget();
    const { find } = listenForDrops(target);
    const [old, recent] = [fileOf("a.wav", "old song"), fileOf("a.wav", "song")];
    const [first, second] = [handleOf(old).handle, handleOf(recent).handle];
    drop(target, [first]);
    drop(target, [second]);
    expect([await find(dropped(old)), await find(dropped(recent))]).toEqual([first, second]);
  });

  it("asks for nothing in a page without TLS, where browsers have crashed", async () => {
    vi.stubGlobal("isSecureContext", false);
    const target = new EventTarget();
    const { find } = listenForDrops(target);
    const file = fileOf("a.wav");
    drop(target, [handleOf(file).handle]);
    expect(await find(dropped(file))).toBeNull();
  });

  it("hears nothing more once it is stopped", async () => {
    const target = new EventTarget();
    const { find, stop } = listenForDrops(target);
    const file = fileOf("a.wav");
    stop();
    drop(target, [handleOf(file).handle]);
    expect(await find(dropped(file))).toBeNull();
  });
});
