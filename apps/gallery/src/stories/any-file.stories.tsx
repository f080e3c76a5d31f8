import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { done, failed, item, MB, progress, uploading } from "../samples.ts";
import { Widget } from "../widget.tsx";

interface AnyFileProps {
  name: string;
  /** Megabytes. */
  size: number;
  status:
    | "queued"
    | "creating"
    | "checking"
    | "uploading"
    | "paused"
    | "offline"
    | "finalizing"
    | "done"
    | "failed";
  /** Percent. */
  sent: number;
  /** Megabytes a second. */
  rate: number;
  /** Why it failed. */
  code: UploadErrorCode;
  /** How many such files there are. */
  count: number;
}

function AnyFile({ count, ...props }: AnyFileProps) {
  const files = Array.from({ length: count }, (_, index) => {
    const name = count === 1 ? props.name : `${index + 1} ${props.name}`;
    return fileOf({ ...props, name });
  });
  return <Widget files={files} />;
}

function fileOf({ name, size, status, sent, rate, code }: Omit<AnyFileProps, "count">) {
  const bytes = size * MB;
  const moved = progress(bytes, sent / 100, rate * MB);
  switch (status) {
    case "queued":
    case "creating":
      return item(name, bytes, { status });
    case "checking":
      return item(name, bytes, { status, progress: moved });
    case "uploading":
      return uploading(name, bytes, sent / 100, rate * MB);
    case "paused":
    case "finalizing":
      return item(name, bytes, { status, sessionId: "1", progress: moved });
    case "offline":
      return item(name, bytes, { status: "waiting", reason: status, retryInMs: null, progress: moved });
    case "done":
      return done(name, bytes);
    case "failed":
      return failed(name, { code, message: "" });
  }
}

const OPTIONS: Record<AnyFileProps["status"], true> = {
  queued: true,
  creating: true,
  checking: true,
  uploading: true,
  paused: true,
  offline: true,
  finalizing: true,
  done: true,
  failed: true,
};

/** To play with, in the panel below. */
export default {
  title: "Any file",
  component: AnyFile,
  args: {
    name: "Harbour session, take 4.wav",
    size: 84,
    status: "uploading",
    sent: 42,
    rate: 3.2,
    code: "storage_unavailable",
    count: 1,
  },
  argTypes: {
    status: { control: "select", options: Object.keys(OPTIONS) },
    sent: { control: { type: "range", min: 0, max: 100 } },
    rate: { control: { type: "range", min: 0, max: 100, step: 0.1 } },
    code: { control: "select", options: Object.keys(UPLOAD_ERRORS) },
    count: { control: { type: "range", min: 1, max: 2000 } },
  },
} satisfies Meta<typeof AnyFile>;

export const Any: StoryObj<typeof AnyFile> = {};
