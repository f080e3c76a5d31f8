import type { Meta, StoryObj } from "@storybook/react-vite";
import { Widget } from "../widget.tsx";

export default { title: "Way in", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

export const Empty: Story = {};

export const GettingReady: Story = { args: { config: { status: "loading" } } };

export const CompanionSilent: Story = { args: { config: { status: "unreachable", retryInMs: 4000 } } };

export const SignedOut: Story = { args: { config: { status: "signed_out" } } };

export const NotAllowed: Story = {
  args: { config: { status: "failed", error: { code: "forbidden", message: "No" } } },
};

export const SwitchingCompanion: Story = { args: { isSwitching: true } };
