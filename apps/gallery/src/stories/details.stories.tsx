import { UploadDebugDrawer } from "@audiotricks/upload-react";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { useCallback, useContext } from "react";
import { FLIGHTS, uppyWith } from "../flights.ts";
import { press } from "../press.ts";
import { SettingsContext } from "../settings.ts";
import { useOwnUppy } from "../use-own-uppy.ts";

function Details({ flights }: { flights: Parameters<typeof uppyWith>[0] }) {
  const { theme, language } = useContext(SettingsContext);
  const uppy = useOwnUppy(useCallback(() => uppyWith(flights), [flights]));
  return <UploadDebugDrawer uppy={uppy} locale={language} theme={theme} />;
}

export default { title: "Details", component: Details } satisfies Meta<typeof Details>;
type Story = StoryObj<typeof Details>;

const DRAWER = ".at-debug > summary";

export const Closed: Story = { args: { flights: FLIGHTS } };

export const NoFiles: Story = {
  args: { flights: {} },
  play: ({ canvasElement }) => press(canvasElement, DRAWER),
};

export const Flights: Story = {
  args: { flights: FLIGHTS },
  play: async ({ canvasElement }) => {
    await press(canvasElement, DRAWER);
    await press(canvasElement, ".at-flight-timeline > summary");
  },
};
