import { encodePeaks } from "@audiotricks/protocol";
import { expect, it, vi } from "vitest";
import { openWaveforms, type Waveform } from "./open-waveforms.ts";
import type { FromWaveforms, ToWaveforms } from "./waveform-messages.ts";

/** The browser's worker, as far as it is used: what is said to it is kept. */
class SpokenTo {
  onmessage: ((event: { data: FromWaveforms }) => void) | null = null;
  onerror: ((event: { preventDefault: () => void }) => void) | null = null;
  readonly heard: ToWaveforms[] = [];
  postMessage = (message: ToWaveforms) => void this.heard.push(message);
  terminate = vi.fn();
}

function open() {
  const worker = new SpokenTo();
  const openWorker = vi.fn(() => worker as unknown as Worker);
  return { worker, openWorker, waveforms: openWaveforms({ openWorker }) };
}

const file = new Blob(["x"]);
const peaks = encodePeaks({ sampleRate: 8000, samplesPerPeak: 16, values: Int8Array.of(-1, 1) });

it("begins the worker with the first file, and passes on the port from before", () => {
  const { worker, openWorker, waveforms } = open();
  const { port1, port2 } = new MessageChannel();
  waveforms.listen(port1);
  expect(openWorker).not.toHaveBeenCalled();
  waveforms.begin("1", file, () => {});
  waveforms.begin("2", file, () => {});
  waveforms.listen(port2);
  expect(openWorker).toHaveBeenCalledTimes(1);
  expect(worker.heard.map(({ type }) => type)).toEqual(["listen", "begin", "begin", "listen"]);
  waveforms.close();
  port1.close();
});

it("tells of each file until its end, and of none that was dropped", () => {
  const { worker, waveforms } = open();
  const told: Waveform[] = [];
  waveforms.begin("1", file, (waveform) => told.push(waveform));
  waveforms.begin("2", file, (waveform) => told.push(waveform));
  waveforms.drop("2");
  const hear = (message: FromWaveforms) => worker.onmessage?.({ data: message });
  hear({ type: "ready" });
  hear({ type: "progress", id: "1", peaks, part: 0.5 });
  hear({ type: "done", id: "2", peaks });
  hear({ type: "done", id: "1", peaks });
  hear({ type: "progress", id: "1", peaks, part: 0.6 });
  expect(told.map(({ status }) => status)).toEqual(["drawing", "done"]);
  waveforms.close();
});

it("says of every file that it has none where workers are refused or die", () => {
  const { worker, waveforms } = open();
  const told: Waveform[] = [];
  waveforms.begin("1", file, (waveform) => told.push(waveform));
  worker.onerror?.({ preventDefault: () => {} });
  waveforms.begin("2", file, (waveform) => told.push(waveform));
  const refused = openWaveforms({
    openWorker: () => {
      throw new Error("refused by a policy");
    },
  });
  refused.begin("3", file, (waveform) => told.push(waveform));
  expect(told).toEqual(Array.from({ length: 3 }, () => ({ status: "none", reason: "no_worker" })));
});
