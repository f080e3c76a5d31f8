import { UploadError } from "@audiotricks/protocol";
import type { AccessLevel, FileRecord, ShareLink } from "@audiotricks/protocol/messages";
import { SharingDialog, type SharingDialogProps } from "@audiotricks/upload-react";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { useContext } from "react";
import { action } from "storybook/actions";
import { urlOfCompanion } from "../companion.ts";
import { press } from "../press.ts";
import { record } from "../samples.ts";
import { SettingsContext } from "../settings.ts";

const LEVELS: AccessLevel[] = ["private", "workspace", "public"];
const OWN = { rename: true, delete: true, share: true, levels: LEVELS };
const owned = (more: Partial<FileRecord> = {}) => record({ may: OWN, ...more });

function Sharing(props: Omit<SharingDialogProps, "locale" | "theme">) {
  const { theme, language } = useContext(SettingsContext);
  return <SharingDialog {...props} locale={language} theme={theme} />;
}

export default {
  title: "Sharing",
  component: Sharing,
  args: {
    companionUrl: urlOfCompanion("default"),
    getToken: async () => "a token of the gallery",
    file: owned(),
    onChangeAccess: async () => {},
    onClose: action("onClose"),
  },
  parameters: { companions: { default: { shares: [] } } },
} satisfies Meta<typeof Sharing>;
type Story = StoryObj<typeof Sharing>;

function link(number: number, more: Partial<ShareLink> = {}): ShareLink {
  return {
    id: `00000000-0000-4000-8000-${number.toString().padStart(12, "0")}`,
    fileId: record().id,
    createdBy: record().ownerId,
    createdAt: "2026-11-24T10:05:00.000Z",
    expiresAt: "2026-12-01T10:05:00.000Z",
    maxDownloads: null,
    downloads: 0,
    lastUsedAt: null,
    ...more,
  };
}

export const Public: Story = {
  args: {
    file: owned({
      accessLevel: "public",
      publicUrl: "https://audio.example.com/audio/uploads/2026/11/00000000-0000-4000-8000-000000000010.wav",
    }),
  },
  parameters: {
    companions: {
      default: {
        shares: [link(31), link(32, { maxDownloads: 5, downloads: 2 }), link(33, { downloads: 1 })],
      },
    },
  },
};

/** In the workspace, and on the way to be public. */
export const TheStoreIsStillTold: Story = {
  args: { file: owned({ accessLevel: "public", accessChanging: true }) },
};

const changeToPublic: NonNullable<Story["play"]> = async ({ canvasElement }) => {
  await press(canvasElement, ".at-level input[value=public]");
  await press(canvasElement, ".at-sharing-part > .at-button");
};

export const Changing: Story = {
  args: { onChangeAccess: () => new Promise(() => {}) },
  parameters: { isBusy: true },
  play: changeToPublic,
};

export const Refused: Story = {
  args: {
    onChangeAccess: async () => {
      throw new UploadError("forbidden", "Only its owner may.");
    },
  },
  play: changeToPublic,
};

export const LinksUnreadable: Story = {
  parameters: { companions: { default: { shares: { code: "database_unavailable", message: "" } } } },
};

export const AskedForALink: Story = {
  parameters: { companions: { default: { shares: [], newShare: link(34) } } },
  play: ({ canvasElement }) => press(canvasElement, ".at-link-form .at-button"),
};

export const Offline: Story = {
  play: () => {
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => false });
    window.dispatchEvent(new Event("offline"));
  },
};
