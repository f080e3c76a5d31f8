import "@audiotricks/upload-react/styles.css";
import "@audiotricks/demo/theme.css";
import "@audiotricks/demo/library.css";
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/noto-sans-arabic/wght.css";
import "../src/frame.css";
import type { Preview } from "@storybook/react-vite";
import { answerAs } from "../src/companion.ts";
import { Frame } from "../src/frame.tsx";
import { permitNotifications } from "../src/notifications.ts";
import { LANGUAGE_ITEMS, type Settings } from "../src/settings.ts";

const toolbar = (title: string, items: readonly (string | { value: string; title: string })[]) => ({
  toolbar: { title, items: [...items], dynamicTitle: true },
});

export default {
  // `globals` of the address, `?globals=theme:dark;language:ar`, say the same.
  initialGlobals: { theme: "auto", language: "en", width: "680px", text: "100%" } satisfies Settings,
  globalTypes: {
    theme: toolbar("Theme", ["auto", "light", "dark"]),
    language: toolbar("Language and direction", LANGUAGE_ITEMS),
    width: toolbar("Width", ["100%", "960px", "680px", "320px"]),
    text: toolbar("Size of text", ["100%", "150%", "200%"]),
  },
  parameters: {
    layout: "fullscreen",
    controls: { expanded: true },
    options: {
      storySort: {
        order: [
          "Way in",
          "Files",
          "Before files go",
          "Already there",
          "Quota",
          "Later",
          "Library",
          "Sharing",
          "Details",
        ],
      },
    },
  },
  beforeEach: ({ parameters }) => {
    const ends = [
      answerAs(parameters.companions ?? {}),
      permitNotifications(parameters.mayNotify === true ? "default" : "denied"),
    ];
    return () => {
      for (const end of ends) end();
    };
  },
  decorators: [
    (Story, { globals, title, name }) => (
      <Frame settings={globals as Settings} title={title} name={name}>
        <Story />
      </Frame>
    ),
  ],
} satisfies Preview;
