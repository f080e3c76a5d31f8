import { UploadError } from "@audiotricks/protocol";
import type { FileGroup, FileRecord, GroupMark } from "@audiotricks/protocol/messages";
import type { CompanionClient, SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { beforeEach, expect, it, vi } from "vitest";
import { createStemGate, type StemGate } from "./stem-gate.ts";
import type { StemSet, StemState } from "./stem-sets.ts";

const SET: StemSet = {
  id: "set",
  name: "Halo",
  sampleRate: 48_000,
  durationSeconds: 60,
  members: ["a", "b", "c"],
  odd: [],
  missing: [],
  unpaired: [],
};
const QUEUED: SpacesUploadStatus = { status: "queued" };
const FAILED: SpacesUploadStatus = { status: "failed", error: { code: "file_too_large", message: "" } };
const stored = (isOpen = false): SpacesUploadStatus => ({
  status: "done",
  file: { group: { id: "g", size: 3, isOpen } } as FileRecord,
});
const HERE = "0c9c1b8e-6d8c-4a06-9be5-2b7d2b1b7f4e";

/** What is in the list. */
let files: Map<string, SpacesUploadStatus>;
let groups: Map<string, FileGroup | null>;
let states: Map<string, StemState>;
let started: string[];
let client: {
  listUploads: ReturnType<typeof vi.fn<CompanionClient["listUploads"]>>;
  changeGroup: ReturnType<typeof vi.fn<CompanionClient["changeGroup"]>>;
  dropGroup: ReturnType<typeof vi.fn<CompanionClient["dropGroup"]>>;
};
let gate: StemGate<{ id: string; workspaceId: string | undefined }>;

const items = (...ids: string[]) => ids.map((id) => ({ id, workspaceId: HERE }));
const soon = (expectation: () => void) => vi.waitFor(expectation, { timeout: 5_000 });
const unit = () => gate.units()[0];
const take = (id: string, stored: GroupMark | null = null) => {
  const last = files.get(id) ?? QUEUED;
  files.delete(id);
  gate.remove(id, last, stored);
  gate.look();
};
/** As one, and begun. */
const begin = async () => {
  gate.pass(items("a", "b", "c"));
  gate.together("set");
  await soon(() => expect(started).toEqual(["a", "b", "c"]));
};

beforeEach(() => {
  files = new Map(SET.members.map((id) => [id, QUEUED]));
  groups = new Map();
  states = new Map(SET.members.map((id) => [id, "offered"]));
  started = [];
  client = {
    listUploads: vi.fn<CompanionClient["listUploads"]>().mockResolvedValue({ uploads: [] }),
    changeGroup: vi
      .fn<CompanionClient["changeGroup"]>()
      .mockImplementation(async (id, { size }) => ({ id, size, stored: size, isOpen: true })),
    dropGroup: vi
      .fn<CompanionClient["dropGroup"]>()
      .mockImplementation(async (id) => ({ id, deleted: 1, cancelled: 1, left: 0 })),
  };
  gate = createStemGate({
    isWanted: () => true,
    sets: {
      stateOf: (id) => states.get(id) ?? "free",
      beLate: (ids) => {
        for (const id of ids) states.set(id, "free");
      },
      take: (id) => (id === "set" ? SET : undefined),
    },
    client,
    status: (id) => files.get(id) ?? null,
    file: (id) => (files.has(id) ? { name: `${id}.wav`, size: 10 } : undefined),
    setGroup: (id, group) => groups.set(id, group),
    start: (some) => started.push(...some.map(({ id }) => id)),
    removeFiles: (ids) => {
      for (const id of ids) take(id);
    },
    onChange: () => {},
    onStored: () => {},
  });
});

it("holds back what a person has to decide, and nothing else", async () => {
  gate.pass(items("a", "other", "b"));
  expect(started).toEqual(["other"]);
  expect(["a", "b", "other"].map(gate.isHeld)).toEqual([true, true, false]);
  for (const id of SET.members) states.set(id, "free");
  gate.look();
  expect(started).toEqual(["other", "a", "b"]);
});

it("does not wait for ever for what was dropped with a file to be looked into", async () => {
  vi.useFakeTimers();
  try {
    states.set("a", "open");
    gate.pass(items("a"));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(started).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(started).toEqual(["a"]);
  } finally {
    vi.useRealTimers();
  }
});

it("begins them together, once nothing keeps any of them back, and without those that left", async () => {
  gate.pass(items("a", "b"));
  gate.together("set");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(started).toEqual([]);
  // It is stored already, and a person has skipped it.
  take("c");
  await soon(() => expect(started).toEqual(["a", "b"]));
  expect(groups.get("a")).toMatchObject({ size: 2, name: "Halo" });
  expect(groups.get("b")).toEqual(groups.get("a"));
});

it("lets one go alone of which all others left", async () => {
  gate.pass(items("a", "b", "c"));
  take("b");
  gate.together("set");
  take("c");
  gate.look();
  for (const id of SET.members) states.set(id, "free");
  await soon(() => expect(started).toEqual(["a"]));
  expect(groups).toEqual(new Map());
  expect(gate.units()).toEqual([]);
});

it("tells of one that will not come, and publishes the others when a person says so", async () => {
  await begin();
  const { id } = groups.get("a") as FileGroup;
  files.set("a", stored());
  files.set("b", FAILED);
  gate.look();
  expect(unit()).toMatchObject({ status: "short", size: 3, stored: 1, lost: [{ id: "b", name: "b.wav" }] });
  gate.publish("set");
  gate.publish("set");
  await soon(() => expect(unit()?.status).not.toBe("changing"));
  expect(client.changeGroup.mock.calls).toEqual([[id, { workspaceId: HERE, size: 2 }]]);
  expect(groups.get("c")).toEqual({ id, size: 2, name: "Halo" });
  // What failed may be tried again, by itself.
  expect(groups.get("b")).toBeNull();
  files.set("c", stored(true));
  gate.look();
  expect(unit()).toMatchObject({ status: "published", size: 2, stored: 2 });
});

it("keeps everything as it was where the companion does not hear of it", async () => {
  await begin();
  files.set("a", stored());
  take("b");
  client.changeGroup.mockRejectedValueOnce(new UploadError("internal", "unreachable"));
  gate.publish("set");
  await soon(() => expect(unit()).toMatchObject({ status: "short", hasFailed: true, size: 3, stored: 1 }));
  gate.publish("set");
  await soon(() => expect(unit()).toMatchObject({ hasFailed: false, size: 2 }));
});

it("ends all of them, again while somebody is at one, and says where it could not", async () => {
  await begin();
  files.set("a", stored());
  take("b");
  client.dropGroup.mockResolvedValueOnce({ id: "g", deleted: 0, cancelled: 0, left: 1 });
  gate.drop("set");
  await soon(() => expect(gate.units()).toEqual([]));
  expect(client.dropGroup).toHaveBeenCalledTimes(2);
  expect([...files.keys()]).toEqual([]);
});

it("says once more how many there are where the companion waits for more than there are", async () => {
  await begin();
  for (const id of SET.members) files.set(id, stored(false));
  gate.look();
  await soon(() => expect(unit()?.status).toBe("published"));
  expect(client.changeGroup).toHaveBeenCalledExactlyOnceWith(groups.get("a")?.id, {
    workspaceId: HERE,
    size: 3,
  });
});

it("goes on with the group in which some of them were begun before, and with no other", async () => {
  const mark = { id: "11111111-1111-4111-8111-111111111111", size: 5, name: "Halo", isOpen: false };
  const open = (name: string, group: GroupMark, workspaceId: string | null = HERE) =>
    ({ name, size: 10, workspaceId, group }) as Awaited<
      ReturnType<CompanionClient["listUploads"]>
    >["uploads"][number];
  const others = [
    open("a.wav", { ...mark, id: "another", name: "Sun" }),
    open("a.wav", { ...mark, id: "elsewhere" }, null),
    open("z.wav", { ...mark, id: "of others, too" }),
    open("a.wav", { ...mark, id: "smaller", size: 2 }),
  ];
  client.listUploads.mockResolvedValue({ uploads: [...others, open("b.wav", mark)] });
  await begin();
  expect(groups.get("a")).toEqual({ id: mark.id, size: 5, name: "Halo" });
  // Two are there that this page has not seen.
  expect(unit()).toMatchObject({ size: 5, stored: 2 });
  for (const id of SET.members) files.set(id, stored(false));
  gate.look();
  // Others may still be under way elsewhere: nobody here can say that these are all.
  expect(client.changeGroup).not.toHaveBeenCalled();
});

it("joins the group of a file that is stored already, if that is still waiting", async () => {
  const mark = { id: "11111111-1111-4111-8111-111111111111", size: 3, name: "Halo", isOpen: false };
  gate.pass(items("a", "b"));
  gate.together("set");
  take("c", mark);
  await soon(() => expect(started).toEqual(["a", "b"]));
  expect(groups.get("a")?.id).toBe(mark.id);
});

it("is over once nothing of it is left", async () => {
  await begin();
  for (const id of SET.members) take(id);
  expect(gate.units()).toEqual([]);
});

it("takes up what an earlier page had begun", async () => {
  const group = { id: "g", size: 3, name: "Halo" };
  gate.adopt("a", "a.wav", group, HERE);
  gate.pass(items("a"));
  await soon(() => expect(started).toEqual(["a"]));
  expect(unit()).toMatchObject({ id: "g", name: "Halo", size: 3, stored: 2, status: "uploading" });
  take("a");
  expect(unit()).toMatchObject({ status: "short", lost: [{ name: "a.wav" }] });
});
