import type { StorybookConfig } from "@storybook/react-vite";

export default {
  framework: "@storybook/react-vite",
  stories: ["../src/stories/*.stories.tsx"],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  // Nobody reads tables of props here, and reading types of everything takes most of the time.
  typescript: { check: false, reactDocgen: false },
} satisfies StorybookConfig;
