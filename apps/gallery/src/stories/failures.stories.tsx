import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { done, failed, GB, MB, refused, uploading } from "../samples.ts";
import { Widget } from "../widget.tsx";

export default { title: "Failures", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

/** Every code that there is has a row in one of these: a new one is seen without being asked for. */
function withStatus(isOne: (status: number) => boolean): Story {
  const codes = (Object.keys(UPLOAD_ERRORS) as UploadErrorCode[]).filter((code) =>
    isOne(UPLOAD_ERRORS[code]),
  );
  return { args: { files: codes.map((code) => failed(`${code}.wav`, { code, message: code })) } };
}

export const OfTheFile: Story = withStatus((status) => status === 422);

export const OfTheRequest: Story = withStatus((status) => status === 400 || (status >= 404 && status < 422));

export const OfThePerson: Story = withStatus((status) => [401, 403, 429].includes(status));

export const OfTheService: Story = withStatus((status) => status >= 500);

export const WithNumbers: Story = {
  args: {
    files: [
      failed("Too large.wav", {
        code: "file_too_large",
        message: "",
        details: { maxFileSize: 5 * GB },
      }),
      failed("Another type.aiff", {
        code: "type_not_allowed",
        message: "",
        details: { allowedExtensions: ["mp3", "wav", "flac"] },
      }),
      failed("No space left.wav", {
        code: "quota_exceeded",
        message: "",
        details: { scope: "user", limitBytes: 10 * GB, usedBytes: 9.9 * GB, reservedBytes: 0, size: 4 * GB },
      }),
      failed("No space left for all.wav", {
        code: "quota_exceeded",
        message: "",
        details: { scope: "workspace", limitFiles: 50, overBytes: 0, overFiles: 1 },
      }),
      failed("Not readable any more.wav", {
        code: "upload_failed",
        message: "",
        details: { reason: "unreadable" },
      }),
      failed("Nobody answers.wav", { code: "internal", message: "", details: { reason: "unreachable" } }),
    ],
  },
};

export const AmongOthers: Story = {
  args: {
    files: [
      failed("Failed.wav", { code: "storage_unavailable", message: "" }),
      done("Stored.wav", 12 * MB),
      uploading("Uploading.wav", 84 * MB, 0.3, 2 * MB),
    ],
  },
};

export const AllThroughSomeFailed: Story = {
  args: {
    files: [done("Stored.wav", 12 * MB), failed("Failed.wav", { code: "upload_failed", message: "" })],
  },
};

export const NotAdded: Story = {
  args: {
    refused: [
      refused("Already there.wav", "already_added"),
      refused("Too large.wav", "file_too_large", {
        error: { code: "file_too_large", message: "", details: { maxFileSize: 5 * GB } },
      }),
      refused("Empty.mp3", "file_empty", { error: { code: "file_empty", message: "" } }),
      refused("Notes.pdf", "type_not_allowed", {
        error: { code: "type_not_allowed", message: "", details: { allowedExtensions: ["mp3", "wav"] } },
      }),
      refused("A rule of the page.wav", "restricted", { sentence: "You can only upload 3 files" }),
    ],
  },
};

export const ManyNotAdded: Story = {
  args: {
    refused: Array.from({ length: 240 }, (_, index) =>
      refused(`Scan ${index + 1}.pdf`, "type_not_allowed", {
        error: { code: "type_not_allowed", message: "", details: { allowedExtensions: ["mp3", "wav"] } },
      }),
    ),
  },
};
