import type { AudioRules } from "@audiotricks/audio-preflight";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { announcementOf } from "./announcement.ts";
import { describeAudio } from "./describe-audio.ts";
import { folderOf } from "./folder-of.ts";
import { createUploadsController, type UploadsController } from "./uploads-controller.ts";
import type { UploadsState } from "./uploads-state.ts";

/** A busy machine is slow, not wrong. */
const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 10_000 });

const CONFIG = {
  maxFileSize: 10_000_000,
  allowedExtensions: ["mp3", "wav"],
  singlePutMaxSize: 100_000_000,
  preferredPartSize: 10_000_000,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 10,
};

/** A WAV of so many seconds at 1,000 Hz, 8 bit, mono; its header claims as much sound as `claimed` says. */
function wav(name: string, seconds: number, claimed = seconds, relativePath = ""): File {
  const bytes = new DataView(new ArrayBuffer(44 + seconds * 1000));
  const text = (offset: number, letters: string) => {
    for (let index = 0; index < letters.length; index += 1)
      bytes.setUint8(offset + index, letters.charCodeAt(index));
  };
  text(0, "RIFF");
  bytes.setUint32(4, 36 + claimed * 1000, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  for (const [offset, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    bytes.setUint16(offset, value, true);
  bytes.setUint32(24, 1000, true);
  bytes.setUint32(28, 1000, true);
  text(36, "data");
  bytes.setUint32(40, claimed * 1000, true);
  const file = new File([bytes], name, { type: "audio/wav", lastModified: seconds });
  Object.defineProperty(file, "webkitRelativePath", { value: relativePath });
  return file;
}

let rules: AudioRules | false = {};
let stems: "ask" | "apart" = "ask";
let controller: UploadsController;
/** What the companion was asked to begin. */
let asked: { name: string; metadata?: Record<string, string>; group?: object }[] = [];
const files = () => controller.getState().files;
const row = (name: string) => files().find((file) => file.name === name);

beforeEach(async () => {
  rules = {};
  stems = "ask";
  asked = [];
  vi.stubGlobal("fetch", async (url: string, { body }: RequestInit) => {
    if (url === "/v1/config") return Response.json(CONFIG);
    if (url.startsWith("/v1/quota")) return Response.json({ quotas: [] });
    if (url === "/v1/uploads?state=open") return Response.json({ uploads: [] });
    if (url === "/v1/uploads" && typeof body === "string")
      asked.push(...(JSON.parse(body) as { files: typeof asked }).files);
    return await new Promise<Response>(() => {});
  });
  controller = createUploadsController({
    id: "looked-into",
    companionUrl: "",
    getToken: () => "token",
    workspaceId: undefined,
    rules: () => rules,
    duplicates: () => "upload",
    stems: () => stems,
    onUploaded: () => {},
  });
  await soon(() => expect(controller.getState().config.status).toBe("ready"));
  await soon(() => expect(controller.getState().quotas).not.toBeNull());
});
afterEach(() => {
  controller.dispose();
  vi.unstubAllGlobals();
});

it("tells what is in a file, and begins it", async () => {
  controller.actions.addFiles([wav("take.wav", 6)]);
  await soon(() =>
    expect(describeAudio(row("take.wav")?.audio ?? null)).toBe("0:06 · WAV · 1 kHz · 8 bit · mono"),
  );
  await soon(() => expect(asked.map(({ name }) => name)).toEqual(["take.wav"]));
  expect(row("take.wav")?.warnings).toEqual([]);
});

it("refuses before anything is asked, and does not say that a person cancelled it", async () => {
  rules = { sampleRate: 48_000 };
  const before: UploadsState = controller.getState();
  const garbage = new File([new Uint8Array(500).fill(7)], "garbage.wav");
  controller.actions.addFiles([wav("take.wav", 6), garbage]);
  const added = controller.getState();
  expect(added.files).toHaveLength(2);
  await soon(() => expect(controller.getState().refused).toHaveLength(2));
  await soon(() => expect(files()).toEqual([]));
  const { refused } = controller.getState();
  expect(refused.map(({ name, code, findings }) => [name, code, findings.length])).toEqual([
    ["take.wav", "sample_rate", 1],
    ["garbage.wav", "unrecognised", 1],
  ]);
  expect(refused.map(({ itemId }) => itemId)).toEqual(added.files.map(({ id }) => id));
  expect(asked).toEqual([]);
  expect(announcementOf(added, controller.getState())).toBeNull();
  expect(announcementOf(before, controller.getState())).toBeNull();

  // What was refused may be added again once the rules are others.
  rules = {};
  controller.actions.addFiles([wav("take.wav", 6)]);
  await soon(() => expect(asked).toHaveLength(1));
});

it("warns, and says so", async () => {
  const before = controller.getState();
  controller.actions.addFiles([wav("cut.wav", 6, 12)]);
  await soon(() => expect(row("cut.wav")?.warnings.map(({ code }) => code)).toEqual(["cut_short"]));
  expect(announcementOf(before, controller.getState())).toBe(
    "cut.wav added. cut.wav: This WAV is cut short.",
  );
  await soon(() => expect(asked).toHaveLength(1));
});

it("offers stems as one, with the folder they came from, which the companion is told", async () => {
  rules = { maxDurationSeconds: 8 };
  const before = controller.getState();
  controller.actions.addFiles([
    wav("1 Kick.wav", 6, 6, "Halo/1 Kick.wav"),
    wav("2 Bass.wav", 6, 6, "Halo/2 Bass.wav"),
    wav("4 Keys.wav", 6, 6, "Halo/4 Keys.wav"),
    wav("5 Long.wav", 9, 9, "Halo/5 Long.wav"),
  ]);
  await soon(() => expect(controller.getState().stems).toHaveLength(1));
  const [set] = controller.getState().stems;
  expect(set).toMatchObject({ name: "Halo", durationSeconds: 6, missing: [3] });
  expect(set?.odd.map(({ name }) => name)).toEqual(["5 Long.wav"]);
  expect(announcementOf(before, controller.getState())).toContain("Stems of Halo.");
  expect(row("2 Bass.wav")).toMatchObject({ folder: "Halo", stems: { set: set?.id, name: "Halo" } });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(asked).toEqual([]);

  controller.actions.uploadTogether(set?.id ?? "");
  expect(controller.getState().stems).toEqual([]);
  await soon(() => expect(asked).toHaveLength(3));
  expect(asked[0]?.metadata).toEqual({ relativePath: "Halo/1 Kick.wav" });
  const groups = asked.map(({ group }) => group);
  expect(groups[0]).toMatchObject({ size: 3, name: "Halo" });
  expect(new Set(groups.map((group) => JSON.stringify(group))).size).toBe(1);
  expect(controller.getState().stemUnits).toMatchObject([{ status: "uploading", size: 3, stored: 0 }]);
  expect(row("2 Bass.wav")?.stems).toEqual({ set: set?.id, name: "Halo" });

  controller.actions.cancel(row("4 Keys.wav")?.id ?? "");
  await soon(() =>
    expect(controller.getState().stemUnits).toMatchObject([
      { status: "short", lost: [{ name: "4 Keys.wav" }] },
    ]),
  );
});

it("begins them each by itself where a person says that they are none, or the page asks for nothing else", async () => {
  const three = () => ["Kick", "Bass", "Keys"].map((name) => wav(`${name}.wav`, 6, 6, `Halo/${name}.wav`));
  controller.actions.addFiles(three());
  await soon(() => expect(controller.getState().stems).toHaveLength(1));
  controller.actions.dismissStems(controller.getState().stems[0]?.id ?? "");
  expect(controller.getState().stems).toEqual([]);
  await soon(() => expect(asked.map(({ group }) => group)).toEqual([undefined, undefined, undefined]));
  expect(row("Bass.wav")?.stems).toBeNull();
  controller.actions.cancelAll();
  await soon(() => expect(files()).toEqual([]));

  stems = "apart";
  asked = [];
  controller.actions.addFiles(three());
  await soon(() => expect(asked).toHaveLength(3));
  expect(controller.getState()).toMatchObject({ stems: [], stemUnits: [] });
});

it("has no cover of a file that has none, and of none that is not there", async () => {
  controller.actions.addFiles([wav("take.wav", 6)]);
  await soon(() => expect(row("take.wav")?.audio).not.toBeNull());
  expect(await controller.actions.cover(row("take.wav")?.id ?? "")).toBeNull();
  expect(await controller.actions.cover("nobody")).toBeNull();
});

it("looks into nothing where the page says so", async () => {
  rules = false;
  controller.actions.addFiles([new File([new Uint8Array(500).fill(7)], "garbage.wav")]);
  await soon(() => expect(asked).toHaveLength(1));
  expect(row("garbage.wav")?.audio).toBeNull();
});

it("knows the folder of a file from how it came", () => {
  const of = (relativePath: string | null, picked = "") =>
    folderOf({ meta: { relativePath }, data: wav("a.wav", 1, 1, picked) } as never);
  expect(of("Album/Side A/a.wav")).toBe("Album/Side A");
  expect(of("/Album/a.wav")).toBe("Album");
  expect(of(null, "Album/a.wav")).toBe("Album");
  expect(of("a.wav")).toBeNull();
  expect(of(null)).toBeNull();
});
