import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PatientUppy } from "./patient-uppy.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const uppy = new PatientUppy({ id: "test" });
  const ids = ["a.mp3", "b.mp3"].map((name) =>
    uppy.addFile({ name, type: "audio/mpeg", data: new File(["x"], name) }),
  );
  const [a = "", b = ""] = ids;
  const told: ReturnType<typeof uppy.getState>[] = [];
  const before: ReturnType<typeof uppy.getState>[] = [];
  uppy.on("state-update", (previous, next) => {
    before.push(previous as (typeof told)[number]);
    told.push(next as (typeof told)[number]);
  });
  return { uppy, a, b, told, before };
}

it("tells many changes at once, and whoever asks sees them before", () => {
  const { uppy, a, b, told } = setUp();
  uppy.setFileState(a, { isPaused: true });
  uppy.patchFilesState({ [b]: { isPaused: true } });
  uppy.setFileState(a, { isPaused: false });
  expect(told).toEqual([]);
  expect(uppy.getFile(a).isPaused).toBe(false);
  expect(uppy.getState().files[b]?.isPaused).toBe(true);
  uppy.publish();
  expect(told).toHaveLength(1);
  expect(told.at(-1)?.files[a]?.isPaused).toBe(false);
  expect(told.at(-1)?.files[b]?.isPaused).toBe(true);
});

it("never changes what it has told", () => {
  const { uppy, a, told, before } = setUp();
  uppy.setFileState(a, { isPaused: true });
  vi.runAllTimers();
  uppy.setFileState(a, { isPaused: false });
  vi.runAllTimers();
  expect(told.map(({ files }) => files[a]?.isPaused)).toEqual([true, false]);
  expect(before.map(({ files }) => files[a]?.isPaused)).toEqual([undefined, true]);
});

it("tells another list than the one that somebody saw in between", () => {
  const { uppy, a, told } = setUp();
  uppy.setFileState(a, { isPaused: true });
  const seen = uppy.getState();
  uppy.setFileState(a, { isPaused: false });
  vi.runAllTimers();
  expect(told.at(-1)).not.toBe(seen);
  expect(told.at(-1)?.files).not.toBe(seen.files);
});

it("tells together with what else is set, in one piece", () => {
  const { uppy, a, told } = setUp();
  uppy.setFileState(a, { isPaused: true });
  uppy.setState({ allowNewUpload: false });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ allowNewUpload: false, files: { [a]: { isPaused: true } } });
  vi.runAllTimers();
  expect(told).toHaveLength(1);
});

it("tells of many failures as seldom as of other changes of files", () => {
  const { uppy, told } = setUp();
  uppy.addFiles(
    Array.from({ length: 500 }, (_, index) => {
      const name = `${index}.mp3`;
      return { name, type: "audio/mpeg", data: new File(["x"], name) };
    }),
  );
  const logged = vi.spyOn(uppy, "log").mockReturnValue();
  const lists = new Set<object>();
  told.length = 0;
  for (const file of uppy.getFiles()) {
    uppy.emit("upload-error", file, { name: "E", message: `no to ${file.name}` });
    lists.add(uppy.files);
  }
  expect(logged).toHaveBeenCalled();
  expect(lists.size).toBe(1);
  expect(told.length).toBeLessThan(3);
  expect(uppy.getState().error).toMatch(/no to 499.mp3$/);

  vi.advanceTimersByTime(100);
  expect(told.length).toBeLessThan(4);
  expect(Object.values(told.at(-1)?.files ?? {}).filter(({ error }) => error)).toHaveLength(502);
  expect(told.at(-1)?.error).toMatch(/no to 499.mp3$/);
  expect(told.at(-1)?.info.length).toBeLessThan(20);
  vi.runAllTimers();
  expect(uppy.getState().info).toEqual([]);
});

it("tells of a failure at once where no file waits to be told of", () => {
  const { uppy, told } = setUp();
  uppy.setState({ error: "no" });
  expect(told.map(({ error }) => error)).toEqual(["no"]);
});
