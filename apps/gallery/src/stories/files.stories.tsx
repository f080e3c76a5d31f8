import type { Meta, StoryObj } from "@storybook/react-vite";
import { press } from "../press.ts";
import { done, GB, item, KB, MB, progress, uploading } from "../samples.ts";
import { Widget } from "../widget.tsx";

export default { title: "Files", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

export const Beginning: Story = {
  args: {
    files: [
      item("Waits for its turn.wav", 84 * MB, { status: "queued" }),
      item("Asks for a session.flac", 31 * MB, { status: "creating" }),
      item("Hashed against what is stored.wav", 620 * MB, {
        status: "checking",
        progress: progress(620 * MB, 0.35),
      }),
    ],
  },
};

export const Uploading: Story = {
  args: {
    files: [
      uploading("Fast.wav", 8.4 * GB, 0.6, 38 * MB),
      uploading("Slow.flac", 96 * MB, 0.12, 210 * KB),
      uploading("Stalled.mp3", 12 * MB, 0.4, 0),
      item("All bytes are there.ogg", 22 * MB, {
        status: "finalizing",
        sessionId: "1",
        progress: progress(22 * MB, 1),
      }),
    ],
  },
};

const LECTURE = uploading("Lecture.wav", 4 * GB, 0.1, 8 * MB);

/** What is left takes minutes. */
export const MayNotify: Story = { args: { files: [LECTURE] }, parameters: { mayNotify: true } };

export const WillNotify: Story = {
  ...MayNotify,
  play: ({ canvasElement }) => press(canvasElement, ".at-notify"),
};

export const One: Story = {
  args: { files: [uploading("Harbour session, take 4.wav", 40 * MB, 0.62, 3 * MB)] },
};

export const Interrupted: Story = {
  args: {
    files: [
      item("Offline.wav", 84 * MB, {
        status: "waiting",
        reason: "offline",
        retryInMs: null,
        progress: progress(84 * MB, 0.5),
      }),
      item("Tries again soon.wav", 84 * MB, {
        status: "waiting",
        reason: "retrying",
        retryInMs: 4200,
        progress: progress(84 * MB, 0.25),
      }),
      item("Tries again now.wav", 84 * MB, {
        status: "waiting",
        reason: "retrying",
        retryInMs: 0,
        progress: progress(84 * MB, 0.25),
      }),
      item("Paused.wav", 84 * MB, { status: "paused", sessionId: "1", progress: progress(84 * MB, 0.7) }),
      item("Paused before it began.wav", 84 * MB, {
        status: "paused",
        sessionId: null,
        progress: progress(84 * MB, 0),
      }),
    ],
  },
};

export const AllOffline: Story = {
  args: {
    files: ["First.wav", "Second.wav"].map((name) =>
      item(name, 84 * MB, {
        status: "waiting",
        reason: "offline",
        retryInMs: null,
        progress: progress(84 * MB, 0.5),
      }),
    ),
  },
};

export const AllPaused: Story = {
  args: {
    files: ["First.wav", "Second.wav"].map((name) =>
      item(name, 84 * MB, { status: "paused", sessionId: "1", progress: progress(84 * MB, 0.5) }),
    ),
  },
};

export const InAnotherTab: Story = {
  args: {
    files: (["moving", "paused", "stopped"] as const).map((other) =>
      item(`There it is ${other}.wav`, 84 * MB, {
        status: "waiting",
        reason: "elsewhere",
        other,
        retryInMs: null,
        progress: progress(84 * MB, 0.5, other === "moving" ? 4 * MB : 0),
      }),
    ),
  },
};

export const Stored: Story = {
  args: {
    files: [
      done("Stored.wav", 40 * MB),
      done("Processing.flac", 31 * MB, { state: "processing" }),
      done("Large.wav", 4.2 * GB),
      done("Small.ogg", 312 * KB),
    ],
  },
};

export const Names: Story = {
  args: {
    files: [
      done(
        `${"A very long name of a recording that nobody shortened before it was uploaded, ".repeat(3)}take 4.wav`,
        MB,
      ),
      done(`${"NoSpacesToBreakThisNameAnywhere".repeat(6)}.wav`, MB),
      done("تسجيل الميناء، اللقطة ٤ (final).wav", MB),
      done("הקלטה בנמל 4 – take.wav", MB),
      done("🎙️🎚️ Session 👩🏽‍🎤.wav", MB),
      done("Zu\u0308rich, cafe\u0301.wav", MB),
      done("録音・港.wav", MB),
      done("a\u202Egnp.wav", MB),
      done("  .wav", MB),
    ],
  },
};

export const ThousandFiles: Story = {
  args: {
    files: Array.from({ length: 1000 }, (_, index) => {
      const name = `Sample ${(index + 1).toString().padStart(4, "0")}.wav`;
      if (index < 3) return uploading(name, 2 * MB, 0.3 * index, MB);
      return item(name, 2 * MB, { status: "queued" });
    }),
  },
};
