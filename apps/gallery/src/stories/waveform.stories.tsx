import { type Peaks, type Waveform, WaveformPlayer, type WaveformShelf } from "@audiotricks/upload-react";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { useContext } from "react";
import { press } from "../press.ts";
import { audio, done, item, MB, progress, uploading } from "../samples.ts";
import { SettingsContext } from "../settings.ts";
import { Widget } from "../widget.tsx";

export default { title: "Waveform", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

/** Phrases with rests between them, the same each time. */
function peaksOf(count: number, loudest = 1): Peaks {
  const values = new Int8Array(2 * count);
  for (let index = 0; index < count; index += 1) {
    const phrase = Math.max(0, Math.sin((index / count) * Math.PI * 9)) ** 0.5;
    const beat = 0.55 + 0.45 * Math.abs(Math.sin(index * 12.9898) * Math.cos(index * 0.37));
    const height = Math.round(127 * loudest * phrase * beat);
    values.set([-Math.round(height * 0.9), height], 2 * index);
  }
  return { sampleRate: 48_000, samplesPerPeak: 8192, values };
}

const FILE = new Uint8Array();
const FOUND: Record<string, Waveform> = {
  "Half of it was read.wav": { status: "drawing", peaks: peaksOf(400), part: 0.45 },
  "All of it was read.flac": { status: "done", peaks: peaksOf(800), file: FILE },
  "Quiet.wav": { status: "done", peaks: peaksOf(800, 0.06), file: FILE },
  "No browser decodes it.wav": { status: "none", reason: "no_decoder" },
  "Stored.m4a": { status: "done", peaks: peaksOf(300), file: FILE },
};
const SHELF: WaveformShelf = {
  get: (id) => FOUND[id] ?? null,
  watch: () => () => {},
  file: () => new Blob(),
};

/** While files are sent: from where they lie, and as far as they were read. */
export const WhileUploading: Story = {
  args: {
    waveforms: SHELF,
    files: [
      item("Waits for its turn.wav", 84 * MB, { status: "queued" }, { audio: audio() }),
      {
        ...uploading("Half of it was read.wav", 620 * MB, 0.31, 12 * MB),
        audio: audio({ durationSeconds: 3754 }),
      },
      {
        ...uploading("All of it was read.flac", 96 * MB, 0.82, 4 * MB),
        audio: audio({ durationSeconds: 214 }),
      },
      item(
        "Quiet.wav",
        84 * MB,
        { status: "paused", sessionId: "1", progress: progress(84 * MB, 0.5) },
        { audio: audio({ durationSeconds: 62 }) },
      ),
      { ...uploading("No browser decodes it.wav", 12 * MB, 0.4, MB), audio: audio({ durationSeconds: 31 }) },
      { ...done("Stored.m4a", 8 * MB), audio: audio({ durationSeconds: 187 }) },
    ],
  },
};

function Player(props: { peaks: Peaks | null; durationSeconds: number | null }) {
  const { language } = useContext(SettingsContext);
  return (
    <WaveformPlayer
      name="Harbour session, take 4.wav"
      source={() => Promise.reject(new Error("A gallery has no files"))}
      locale={language}
      {...props}
    />
  );
}

const PAGES = 4;

/** By the keyboard, a tenth at a time. */
function goOn(canvas: HTMLElement): void {
  const slider = canvas.querySelector("[role=slider]");
  for (let page = 0; page < PAGES; page += 1) {
    slider?.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }));
  }
}

export const Stored: Story = { render: () => <Player peaks={peaksOf(1024)} durationSeconds={214} /> };

export const FurtherOn: Story = {
  ...Stored,
  play: ({ canvasElement }) => goOn(canvasElement),
};

/** Of a recording of hours, the time takes room. */
export const Hours: Story = {
  render: () => <Player peaks={peaksOf(1024)} durationSeconds={13_754} />,
  play: ({ canvasElement }) => goOn(canvasElement),
};

export const WithoutPeaks: Story = { render: () => <Player peaks={null} durationSeconds={214} /> };

export const CannotBePlayed: Story = {
  ...Stored,
  play: ({ canvasElement }) => press(canvasElement, ".at-player button"),
};
