import type { Meta, StoryObj } from "@storybook/react-vite";
import { useMemo } from "react";
import { MB, uploading } from "../samples.ts";
import { Widget, type WidgetProps } from "../widget.tsx";

export default { title: "Recorder", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

export const Closed: Story = { args: { recorder: { status: "closed" } } };

export const BesideUploads: Story = {
  args: {
    recorder: { status: "closed" },
    files: [uploading("Harbour session, take 4.wav", 40 * MB, 0.62, 3 * MB)],
  },
};

export const Asking: Story = { args: { recorder: { status: "asking" } } };

/** A stream in which all is equally loud: no gallery asks for a microphone, and the level stands still. */
function openStream(): MediaStream {
  const context = new AudioContext();
  const source = context.createConstantSource();
  source.offset.value = 0.1;
  const destination = context.createMediaStreamDestination();
  source.connect(destination);
  source.start();
  return destination.stream;
}

function Listening({ maxMs }: { maxMs?: number | null }) {
  const stream = useMemo(() => openStream(), []);
  // It has yet to begin, so that it stands still at 0:00.
  const startedAt = Number.POSITIVE_INFINITY;
  return (
    <Widget
      recorder={
        maxMs === undefined ? { status: "ready", stream } : { status: "recording", stream, startedAt, maxMs }
      }
    />
  );
}

export const Ready: Story = { render: () => <Listening /> };

export const Recording: Story = { render: () => <Listening maxMs={null} /> };

export const RecordingUntil: Story = { render: () => <Listening maxMs={600_000} /> };

export const Preparing: Story = { args: { recorder: { status: "preparing" } } };

const CLIP = {
  file: new File([], "Recording 2026-11-24 10.05.00.ogg"),
  url: "data:,",
  seconds: 1214,
};

export const Recorded: Story = { args: { recorder: { status: "recorded", clip: CLIP, endedBy: "person" } } };

export const EndedAtLimit: Story = {
  args: { recorder: { status: "recorded", clip: CLIP, endedBy: "limit" } },
};

export const EndedWithMicrophone: Story = {
  args: { recorder: { status: "recorded", clip: CLIP, endedBy: "device" } },
};

const unavailable = (
  problem: Extract<WidgetProps["recorder"], { status: "unavailable" }>["problem"],
): Story => ({
  args: { recorder: { status: "unavailable", problem } },
});

export const Refused = unavailable({ reason: "refused" });
export const NoMicrophone = unavailable({ reason: "no_microphone" });
export const InUse = unavailable({ reason: "busy" });
export const Unsupported = unavailable({ reason: "unsupported" });
export const NotLoaded = unavailable({ reason: "not_loaded" });
export const NothingHeard = unavailable({ reason: "nothing" });
export const Failed = unavailable({ reason: "failed" });
export const NotAsked = unavailable({
  reason: "unwanted",
  why: { finding: { code: "unknown", severity: "refuse", facts: ["bitDepth"] } },
});
export const NoRoom = unavailable({
  reason: "unwanted",
  why: {
    error: {
      code: "quota_exceeded",
      message: "",
      details: { scope: "user", usedBytes: 10 * 1024 * MB, reservedBytes: 0, limitBytes: 10 * 1024 * MB },
    },
  },
});
