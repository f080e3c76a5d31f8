import { Library } from "@audiotricks/demo/library";
import type { FileRecord } from "@audiotricks/protocol/messages";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { urlOfCompanion } from "../companion.ts";
import { MB, record } from "../samples.ts";

export default {
  title: "Library",
  component: Library,
  args: {
    companionUrl: urlOfCompanion("default"),
    getToken: async () => "a token of the gallery",
    workspaceId: undefined,
    title: "Files in Alpha’s workspace",
  },
} satisfies Meta<typeof Library>;
type Story = StoryObj<typeof Library>;

const STATES: readonly FileRecord["state"][] = [
  "stored",
  "processing",
  "processed",
  "uploading",
  "quarantined",
  "archived",
  "recalling",
  "failed",
];
/** What the companion would say of each, for its owner. */
const readable = new Set<FileRecord["state"]>(["stored", "processing", "processed"]);
const files = STATES.map((state, index) =>
  record(
    {
      name: `It is ${state}.wav`,
      state,
      size: 12 * MB,
      may: {
        rename: true,
        delete: true,
        share: readable.has(state),
        levels: readable.has(state) ? ["private", "workspace", "public"] : ["private", "workspace"],
      },
      accessLevel: state === "processed" ? "workspace" : "private",
    },
    20 + index,
  ),
);

export const Loading: Story = {
  parameters: { companions: { default: { files: "silent" } }, isBusy: true },
};

export const Empty: Story = { parameters: { companions: { default: { files: [] } } } };

export const Unreadable: Story = {
  parameters: { companions: { default: { files: { code: "database_unavailable", message: "" } } } },
};

export const Full: Story = { parameters: { companions: { default: { files, hasMore: true } } } };

export const AskingBeforeItIsDeleted: Story = {
  parameters: { companions: { default: { files: files.slice(0, 2) } } },
  play: async ({ canvas, userEvent }) => {
    await userEvent.click(await canvas.findByRole("button", { name: "Delete It is stored.wav" }));
  },
};
