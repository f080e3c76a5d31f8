import type { Meta, StoryObj } from "@storybook/react-vite";
import { drawCover } from "../cover.ts";
import { audio, done, item, KB, MB, refused, uploading } from "../samples.ts";
import { Widget } from "../widget.tsx";

export default { title: "Sound", component: Widget } satisfies Meta<typeof Widget>;
type Story = StoryObj<typeof Widget>;

export const Facts: Story = {
  args: {
    files: [
      { ...uploading("01 Mix.wav", 84 * MB, 0.4, 2 * MB), audio: audio(), folder: "Album/Side A" },
      {
        ...uploading("Song.mp3", 9 * MB, 0.8, 2 * MB),
        audio: audio({
          format: "mp3",
          codec: "MP3",
          bitDepth: null,
          sampleRate: 44_100,
          title: "Night bus",
          artist: "The Harbours",
        }),
      },
      {
        ...uploading("Multitrack.wav", 300 * MB, 0.1, 2 * MB),
        audio: audio({ channels: 8, durationSeconds: 5400 }),
      },
    ],
  },
};

export const Covers: Story = {
  args: {
    cover: drawCover,
    files: [
      {
        ...uploading("Song.mp3", 9 * MB, 0.8, 2 * MB),
        audio: audio({ title: "Night bus", artist: "The Harbours" }),
      },
      { ...done("Stored.mp3", 8 * MB), audio: audio({ title: "Harbour" }) },
    ],
  },
};

export const Warnings: Story = {
  args: {
    files: [
      item(
        "Cut short.wav",
        48 * MB,
        { status: "queued" },
        {
          audio: audio({ cutShort: { expected: 60 * MB, found: 48 * MB } }),
          warnings: [
            { code: "cut_short", severity: "warn", format: "wav", expected: 60 * MB, found: 48 * MB },
            { code: "sample_rate", severity: "warn", found: 44_100, allowed: [48_000, 96_000] },
          ],
        },
      ),
      item(
        "Odd header.flac",
        4 * MB,
        { status: "queued" },
        {
          warnings: [{ code: "unreadable_header", severity: "warn", format: "flac" }],
        },
      ),
      item(
        "Endless.mp3",
        300 * KB,
        { status: "queued" },
        {
          warnings: [
            { code: "implausible_length", severity: "warn", claimedSeconds: 360_000, size: 300 * KB },
          ],
        },
      ),
      item(
        "A week.ogg",
        800 * MB,
        { status: "queued" },
        {
          warnings: [{ code: "very_long", severity: "warn", durationSeconds: 604_800 }],
        },
      ),
    ],
  },
};

export const RefusedByType: Story = {
  args: {
    refused: [
      refused("Renamed.wav", "wrong_type", {
        findings: [{ code: "wrong_type", severity: "refuse", found: "mp3", extension: "wav" }],
      }),
      refused("No audio.wav", "unrecognised", {
        findings: [{ code: "unrecognised", severity: "refuse", extension: "wav" }],
      }),
      refused("Cannot be told.mp3", "unknown", {
        findings: [{ code: "unknown", severity: "refuse", facts: ["bitDepth", "sampleRate"] }],
      }),
    ],
  },
};

export const RefusedByRules: Story = {
  args: {
    refused: [
      refused("Wrong rate and depth.wav", "sample_rate", {
        findings: [
          { code: "sample_rate", severity: "refuse", found: 44_100, allowed: [48_000] },
          { code: "bit_depth", severity: "refuse", found: 16, allowed: [24, 32] },
        ],
      }),
      refused("Mono.wav", "channels", {
        findings: [{ code: "channels", severity: "refuse", found: 1, allowed: [2] }],
      }),
      refused("Long.wav", "too_long", {
        findings: [{ code: "too_long", severity: "refuse", durationSeconds: 4000, maxDurationSeconds: 3600 }],
      }),
      refused("Short.wav", "too_short", {
        findings: [{ code: "too_short", severity: "refuse", durationSeconds: 2, minDurationSeconds: 30 }],
      }),
    ],
  },
};

const SET = { sampleRate: 48_000, durationSeconds: 214, odd: [], missing: [], unpaired: [] };
const names = ["01 Kick.wav", "02 Snare.wav", "04 Bass.wav"];

export const Stems: Story = {
  args: {
    stems: [
      { ...SET, id: "whole", name: "Night bus", members: ["a", "b", "c", "d"] },
      {
        ...SET,
        id: "odd",
        name: "Harbour",
        members: names,
        odd: [
          {
            id: "e",
            name: "05 Vox.wav",
            differs: "sampleRate",
            sampleRate: 44_100,
            durationSeconds: 214,
            bitDepth: 24,
          },
        ],
        missing: [3],
        unpaired: ["06 OH R"],
      },
    ],
    files: names.map((name) => ({
      ...uploading(name, 60 * MB, 0.3, 2 * MB),
      audio: audio(),
      folder: "Album/Harbour",
      stems: { set: "odd", name: "Harbour" },
    })),
  },
};

const UNIT = { size: 8, stored: 3, lost: [], hasFailed: false, isShared: true };
const lost = [
  { id: "k", name: "02 Snare (close, gated, printed through the desk on Thursday).wav" },
  { id: "l", name: "05 Vox.wav" },
];

export const StemsAsOne: Story = {
  args: {
    stemUnits: [
      { ...UNIT, id: "going", name: "Night bus", status: "uploading" },
      { ...UNIT, id: "short", name: "Harbour", status: "short", stored: 6, lost },
      { ...UNIT, id: "failed", name: null, status: "short", stored: 7, lost: lost.slice(1), hasFailed: true },
      { ...UNIT, id: "there", name: "Halo", status: "published", stored: 8 },
    ],
  },
};
