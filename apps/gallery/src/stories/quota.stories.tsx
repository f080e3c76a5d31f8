import { QuotaMeter } from "@audiotricks/upload-react";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { useContext } from "react";
import { type Companion, urlOfCompanion } from "../companion.ts";
import { GB, MB, quota, WORKSPACE_ID } from "../samples.ts";
import { SettingsContext } from "../settings.ts";
import { Widget } from "../widget.tsx";

const LEVELS: Record<string, Companion> = {
  normal: { quotas: [quota("normal", 0.42)] },
  onItsWay: { quotas: [quota("normal", 0.42, { reservedBytes: 1.5 * GB, reservedFiles: 3 })] },
  high: { quotas: [quota("high", 0.83)] },
  warning: { quotas: [quota("warning", 0.96)] },
  over: { quotas: [quota("over_quota", 1.2)] },
  unlimited: { quotas: [quota("normal", 0.42, { limitBytes: null, limitFiles: null })] },
  both: {
    quotas: [quota("normal", 0.1), quota("warning", 0.95, { scope: "workspace", id: WORKSPACE_ID })],
  },
  asking: { quotas: "silent" },
  failed: { quotas: { code: "database_unavailable", message: "" } },
};

/** One meter for each thing that a companion may say. */
function Meters() {
  const { theme, language } = useContext(SettingsContext);
  return (
    <div className="apart">
      {Object.keys(LEVELS).map((name) => (
        <QuotaMeter
          key={name}
          companionUrl={urlOfCompanion(name)}
          getToken={async () => "a token of the gallery"}
          locale={language}
          theme={theme}
        />
      ))}
    </div>
  );
}

export default { title: "Quota", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

export const Meter: Story = { render: () => <Meters />, parameters: { companions: LEVELS, isBusy: true } };

const mine = quota("high", 0.83);
const ours = quota("over_quota", 1, { scope: "workspace", id: WORKSPACE_ID });

export const FillsUp: Story = {
  args: {
    quotas: [mine, ours],
    quotaNotices: [mine, ours].map(({ scope, id, status }) => ({ scope, id, status })),
  },
};

export const AlmostFull: Story = {
  args: {
    quotas: [quota("warning", 0.96)],
    quotaNotices: [{ scope: "user", id: mine.id, status: "warning" }],
  },
};

const ROOMS = [{ scope: "user", bytes: 400 * MB, files: 872 }] as const;

export const NotAllFit: Story = {
  args: {
    choice: {
      rooms: ROOMS,
      fitting: 2,
      moved: null,
      files: [
        { id: "1", name: "Mix.wav", size: 250 * MB, fits: true },
        { id: "2", name: "Instrumental.wav", size: 240 * MB, fits: false },
        { id: "3", name: "Radio edit.wav", size: 90 * MB, fits: true },
        { id: "4", name: "Stems.wav", size: 2 * GB, fits: false },
      ],
    },
  },
};

export const NoneFits: Story = {
  args: {
    choice: {
      rooms: [{ scope: "workspace", bytes: 10 * MB, files: 3 }],
      fitting: 0,
      moved: null,
      files: [{ id: "1", name: "Mix.wav", size: 250 * MB, fits: false }],
    },
  },
};

export const ManyToChoose: Story = {
  args: {
    choice: {
      rooms: ROOMS,
      fitting: 200,
      moved: null,
      files: Array.from({ length: 240 }, (_, index) => ({
        id: `${index}`,
        name: `Sample ${index + 1}.wav`,
        size: 2 * MB,
        fits: index < 200,
      })),
    },
  },
};
