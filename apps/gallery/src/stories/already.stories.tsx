import type { Meta, StoryObj } from "@storybook/react-vite";
import { item, MB } from "../samples.ts";
import { Widget } from "../widget.tsx";

export default { title: "Already there", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

const NAMES = [
  "Harbour session, take 4.wav",
  "Halo (final mix, as agreed on Thursday night after the second listening).wav",
];

function already(names: readonly string[]) {
  return {
    files: names.map((name) => item(name, 48 * MB, { status: "queued" })),
    already: names.map((name, index) => ({
      id: name,
      name,
      stored: {
        id: `00000000-0000-4000-8000-00000000002${index}`,
        name: index === 0 ? name : "Halo.wav",
        createdAt: "2026-11-24T10:05:00.000Z",
      },
    })),
  };
}

export const One: Story = { args: already(NAMES.slice(0, 1)) };

export const Several: Story = { args: already(NAMES) };
