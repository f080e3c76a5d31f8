import type { Waveform, Waveforms } from "@audiotricks/audio-waveform";
import { UploadError } from "@audiotricks/protocol";
import Uppy from "@uppy/core";
import { expect, it } from "vitest";
import { onChange } from "./change-signal.ts";
import { createWaveformShelf } from "./waveform-shelf.ts";

const peaks = { sampleRate: 8000, samplesPerPeak: 16, values: Int8Array.of(-1, 1) };
const DONE = { status: "done", peaks, file: new Uint8Array(22) } satisfies Waveform;

function open({ keep = async () => ({ state: "stored" as "stored" | "pending" }) } = {}) {
  const uppy = new Uppy();
  const kept: string[] = [];
  const asked: string[] = [];
  const tell = new Map<string, (waveform: Waveform) => void>();
  let signals = 0;
  const waveforms: Waveforms = {
    listen: () => {},
    begin: (id, _file, listener) => {
      asked.push("begin");
      tell.set(id, listener);
    },
    finish: () => void asked.push("finish"),
    drop: () => void asked.push("drop"),
    close: () => void asked.push("close"),
  };
  const companionUrl = crypto.randomUUID();
  onChange(companionUrl, () => {
    signals += 1;
  });
  const opened = createWaveformShelf({
    uppy,
    companionUrl,
    client: {
      keepWaveform: async (fileId) => {
        kept.push(fileId);
        return keep();
      },
    },
    load: async () => ({ openWaveforms: () => waveforms }),
    wait: async () => {},
  });
  const add = (name: string) => {
    const id = uppy.addFile({ name, type: "audio/wav", data: new Blob([name]) });
    uppy.emit("upload-start", [uppy.getFile(id)]);
    return id;
  };
  const store = (id: string, fileId: string) => {
    const spaces = { status: "done", file: { id: fileId } };
    uppy.setFileState(id, { spaces } as never);
    uppy.emit("upload-success", uppy.getFile(id), { status: 200 });
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
  return { ...opened, uppy, kept, asked, tell, add, store, settled, signals: () => signals };
}

it("keeps a waveform once its file is stored, whichever is there first, and tells lists of files", async () => {
  const { add, store, tell, kept, settled, shelf, signals } = open();
  const [one, two] = [add("one.wav"), add("two.wav")];
  let heard = 0;
  const stop = shelf.watch(one, () => {
    heard += 1;
  });
  await settled();
  tell.get(one)?.({ status: "drawing", peaks, part: 0.5 });
  tell.get(one)?.(DONE);
  expect({ heard, kept }).toEqual({ heard: 2, kept: [] });
  stop();
  store(one, "1");
  store(two, "2");
  await settled();
  tell.get(two)?.(DONE);
  await settled();
  expect(kept).toEqual(["1", "2"]);
  expect(shelf.get(one)).toBe(DONE);
  expect(await shelf.file(one)?.text()).toBe("one.wav");
  expect(signals()).toBeGreaterThan(0);
});

it("works out the waveform of a stored file that leaves the list, and of no other", async () => {
  const { add, store, tell, kept, asked, settled, uppy, shelf } = open();
  const [stored, cancelled] = [add("stored.wav"), add("cancelled.wav")];
  await settled();
  store(stored, "1");
  uppy.removeFiles([stored, cancelled]);
  await settled();
  expect(asked).toEqual(["begin", "begin", "finish", "drop"]);
  tell.get(stored)?.(DONE);
  await settled();
  expect(kept).toEqual(["1"]);
  expect(shelf.file(stored)).toBeNull();
});

it("tries again while the store has not decided or cannot be reached, and not for ever", async () => {
  const answers = [
    async () => ({ state: "pending" as const }),
    () => Promise.reject(new UploadError("storage_unavailable", "busy")),
    async () => ({ state: "stored" as const }),
  ];
  const patient = open({ keep: () => (answers.shift() ?? answers[0])?.() ?? Promise.reject(new Error()) });
  const id = patient.add("a.wav");
  await patient.settled();
  patient.tell.get(id)?.(DONE);
  patient.store(id, "1");
  await patient.settled();
  expect(patient.kept).toEqual(["1", "1", "1"]);

  for (const [code, times] of [
    ["storage_unavailable", 4],
    ["quota_exceeded", 1],
  ] as const) {
    const hopeless = open({ keep: () => Promise.reject(new UploadError(code, "no")) });
    const other = hopeless.add("a.wav");
    await hopeless.settled();
    hopeless.tell.get(other)?.(DONE);
    hopeless.store(other, "2");
    await hopeless.settled();
    expect(hopeless.kept).toHaveLength(times);
    expect(hopeless.signals()).toBe(0);
  }
});

it("keeps nothing where there is no waveform, and ends with the page", async () => {
  const { add, store, tell, kept, settled, close, asked } = open();
  const id = add("a.wav");
  await settled();
  store(id, "1");
  tell.get(id)?.({ status: "none", reason: "no_decoder" });
  close();
  await settled();
  expect(kept).toEqual([]);
  expect(asked.at(-1)).toBe("close");
});
