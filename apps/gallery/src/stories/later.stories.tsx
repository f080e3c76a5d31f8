import type { Meta, StoryObj } from "@storybook/react-vite";
import { MB, session } from "../samples.ts";
import { Widget } from "../widget.tsx";

export default { title: "Later", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

const uploads = [
  session("Can go on.wav", 101),
  session("Not allowed to read.wav", 102),
  session("Has to be picked again.wav", 103),
  session("Not where it was.wav", 104),
  session("Another file now.wav", 105, 84 * MB),
];
const [ready, refused, , gone, changed] = uploads.map(({ sessionId }) => sessionId);

export const Unfinished: Story = {
  args: {
    continuable: new Map([
      [`${ready}`, "ready"],
      [`${refused}`, "refused"],
      [`${gone}`, "gone"],
      [`${changed}`, "changed"],
    ]),
  },
  parameters: { companions: { default: { uploads } } },
};

export const NotBegun: Story = {
  args: {
    notBegun: [
      { name: "Kick.wav", canRead: true },
      { name: "Snare.wav", canRead: false },
      { name: "Bass.wav", canRead: false },
      { name: "Vox.wav", canRead: true },
      { name: "Pads.wav", canRead: true },
    ],
  },
};
