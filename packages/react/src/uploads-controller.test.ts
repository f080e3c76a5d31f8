import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { announcementOf } from "./announcement.ts";
import { STORED_RECORD } from "./stored-record.fixture.ts";
import { createUploadsController, type UploadsController } from "./uploads-controller.ts";

/** A busy machine is slow, not wrong. */
const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 10_000 });

const SESSION = "00000000-0000-4000-8000-000000000001";
const CONFIG = {
  maxFileSize: 1000,
  allowedExtensions: ["mp3", "wav"],
  singlePutMaxSize: 10,
  preferredPartSize: 10,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 10,
};

const NO_LIMIT = {
  scope: "user",
  id: "00000000-0000-4000-8000-0000000000aa",
  usedBytes: 0,
  reservedBytes: 0,
  limitBytes: null as number | null,
  usedFiles: 0,
  reservedFiles: 0,
  limitFiles: null as number | null,
  status: "normal",
};

/** A companion that opens a session for every file and answers nothing that would move a byte. */
function answer(method: string, path: string, body: string): unknown {
  if (path === "/v1/config") return CONFIG;
  if (path === "/v1/files/match") return { files: [] };
  if (path.startsWith("/v1/quota")) return { quotas: [NO_LIMIT] };
  if (path === "/v1/uploads?state=open") return { uploads: [] };
  if (method === "DELETE") return { sessionId: SESSION, state: "aborting" };
  if (method === "POST" && path === "/v1/uploads") {
    const { files } = JSON.parse(body) as { files: { clientId: string; name: string; size: number }[] };
    const session = {
      sessionId: SESSION,
      fileId: SESSION,
      state: "active",
      method: "multipart",
      key: "audio/uploads/x.mp3",
      workspaceId: null,
      partSize: 10,
      storedParts: [],
      createdAt: "2026-11-24T10:00:00.000Z",
      expiresAt: "2026-11-25T10:00:00.000Z",
      error: null,
      urls: [],
      resumed: false,
    };
    return {
      results: files.map(({ clientId, name, size }) => ({
        clientId,
        session: { ...session, name, size, partCount: Math.ceil(size / 10) },
      })),
    };
  }
  return new Promise(() => {});
}

describe("the controller", () => {
  const calls: string[] = [];
  /** Name and workspace of each file a session was asked for. */
  const wanted: [name: string, workspaceId: string | undefined][] = [];
  const uploaded: string[] = [];
  /** What the host does when it hears of a stored file. */
  let whenUploaded = () => {};
  let controller: UploadsController;
  const files = () => controller.getState().files;

  beforeEach(async () => {
    calls.length = 0;
    wanted.length = 0;
    uploaded.length = 0;
    whenUploaded = () => {};
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const { method = "GET", body } = init;
      calls.push(`${method} ${url}`);
      if (method === "POST" && url === "/v1/uploads" && typeof body === "string") {
        const request = JSON.parse(body) as { files: { name: string; workspaceId?: string }[] };
        wanted.push(...request.files.map((file): (typeof wanted)[number] => [file.name, file.workspaceId]));
      }
      return Response.json(await answer(method, url, typeof body === "string" ? body : "{}"));
    });
    controller = createUploadsController({
      id: "test",
      companionUrl: "",
      getToken: () => "token",
      workspaceId: undefined,
      rules: () => false,
      duplicates: () => "ask",
      stems: () => "ask",
      onUploaded: (file) => {
        uploaded.push(file.name);
        whenUploaded();
      },
    });
    await soon(() => expect(controller.getState().config.status).toBe("ready"));
    await soon(() => expect(controller.getState().quotas).not.toBeNull());
  });
  afterEach(() => {
    controller.dispose();
    vi.unstubAllGlobals();
  });

  it("says what is wrong with a file before anybody is asked", () => {
    controller.actions.addFiles([
      new File(["x"], "notes.txt"),
      new File([], "empty.mp3"),
      new File(["x".repeat(1001)], "long.wav"),
    ]);
    expect(controller.getState().refused.map(({ name, code }) => [name, code])).toEqual([
      ["notes.txt", "type_not_allowed"],
      ["empty.mp3", "file_empty"],
      ["long.wav", "file_too_large"],
    ]);
    expect(files()).toEqual([]);
    expect(calls).not.toContain("POST /v1/uploads");
  });

  it("says that a file is in the list already", () => {
    const file = new File(["x"], "take.mp3");
    controller.actions.addFiles([file]);
    controller.actions.addFiles([file]);
    expect(controller.getState().refused).toMatchObject([{ name: "take.mp3", code: "already_added" }]);
  });

  it("ends the session of a cancelled file", async () => {
    controller.actions.addFiles([new File(["x".repeat(25)], "take.mp3")]);
    await soon(() => expect(files()).toMatchObject([{ status: { status: "uploading" } }]));
    controller.actions.cancel(files()[0]?.id ?? "");
    await soon(() => expect(calls).toContain(`DELETE /v1/uploads/${SESSION}`));
    await soon(() => expect(files()).toEqual([]));
  });

  it("keeps the session when it is disposed of, however often", async () => {
    controller.actions.addFiles([new File(["x".repeat(25)], "take.mp3")]);
    await soon(() => expect(files()).toMatchObject([{ status: { status: "uploading" } }]));
    controller.dispose();
    controller.dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([]);
  });

  it("sends to the new workspace only what is added after the change", async () => {
    controller.actions.addFiles([new File(["x".repeat(25)], "one.mp3")]);
    await soon(() => expect(wanted).toHaveLength(1));
    controller.setWorkspace("00000000-0000-4000-8000-0000000000cc");
    controller.actions.addFiles([new File(["x".repeat(25)], "two.mp3")]);
    await soon(() =>
      expect(wanted).toEqual([
        ["one.mp3", undefined],
        ["two.mp3", "00000000-0000-4000-8000-0000000000cc"],
      ]),
    );
    await soon(() => expect(files().map(({ name }) => name)).toEqual(["one.mp3", "two.mp3"]));
  });

  it("takes a large drop bit by bit, twins of one drop apart, and starts all of it", async () => {
    const twins = Array.from({ length: 300 }, () => new File(["x"], "take.mp3", { lastModified: 1 }));
    const others = Array.from({ length: 700 }, (_, index) => new File(["x"], `${index}.mp3`));
    controller.actions.addFiles([...twins, ...others]);
    expect(controller.isBusy()).toBe(true);
    controller.setWorkspace("00000000-0000-4000-8000-0000000000cc");
    const isStarted = () =>
      controller.uppy.getFiles().filter(({ progress }) => progress.uploadStarted !== null);
    await soon(() => expect(isStarted()).toHaveLength(1000));
    await soon(() => expect(wanted.length).toBeGreaterThan(50));
    expect(controller.getState().refused).toEqual([]);
    expect(new Set(wanted.map(([, workspaceId]) => workspaceId))).toEqual(new Set([undefined]));
    await soon(() => expect(files()).toHaveLength(1000));
    controller.actions.addFiles([twins[0] as File]);
    expect(controller.getState().refused).toMatchObject([{ name: "take.mp3", code: "already_added" }]);
  });

  const many = (count: number, name = "take") =>
    Array.from({ length: count }, (_, index) => new File(["x".repeat(25)], `${name}-${index}.mp3`));

  it.each([
    ["the widget", () => controller.actions.cancelAll()],
    ["the host", () => controller.uppy.cancelAll()],
  ])("cancels what waits to be added too, when %s says so", async (_, cancelAll) => {
    controller.actions.addFiles(many(3000));
    await soon(() => expect(files().length).toBeGreaterThan(50));
    cancelAll();
    expect(controller.isBusy()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(controller.uppy.getFiles()).toEqual([]);
    controller.actions.addFiles(many(1, "later"));
    await soon(() => expect(wanted.at(-1)?.[0]).toBe("later-0.mp3"));
    await soon(() => expect(files()).toHaveLength(1));
  });

  it.each([
    ["the widget", () => controller.actions],
    ["the host", () => controller.uppy],
  ])("pauses and resumes what waits to be added too, when %s says so", async (_, who) => {
    const all = () => controller.uppy.getFiles();
    controller.actions.addFiles(many(1000));
    who().pauseAll();
    const asked = wanted.length;
    await soon(() => expect(controller.getState().totals.paused).toBe(1000));
    expect(wanted).toHaveLength(asked);
    expect(all().every(({ isPaused }) => isPaused)).toBe(true);
    controller.actions.addFiles(many(1, "later"));
    await soon(() => expect(wanted.slice(asked)).toEqual([["later-0.mp3", undefined]]));
    who().resumeAll();
    expect(all().some(({ isPaused }) => isPaused)).toBe(false);
    await soon(() => expect(wanted.length).toBeGreaterThan(50));
  });

  it("moves what waits to be added when it is resumed before its turn", async () => {
    controller.actions.addFiles(many(1000));
    controller.actions.pauseAll();
    controller.actions.resumeAll();
    await soon(() => expect(controller.uppy.getFiles()).toHaveLength(1000));
    expect(controller.uppy.getFiles().some(({ isPaused }) => isPaused)).toBe(false);
    await soon(() => expect(wanted.length).toBeGreaterThan(50));
  });

  describe("when a file is stored", () => {
    /** As the engine's word comes into Uppy's state; its event comes later, file by file. */
    function store(...names: string[]) {
      const { uppy } = controller;
      const stored = uppy.getFiles().filter(({ name }) => names.includes(name));
      uppy.patchFilesState(
        Object.fromEntries(
          stored.map(({ id, name }) => [
            id,
            { spaces: { status: "done", file: { ...STORED_RECORD, name } } },
          ]),
        ),
      );
      return () => {
        for (const { id } of stored) {
          const file = uppy.getFile(id);
          if (file !== undefined) uppy.emit("upload-success", file, { status: 200 });
        }
      };
    }
    beforeEach(async () => {
      controller.actions.addFiles(["a.wav", "b.wav"].map((name) => new File(["x".repeat(25)], name)));
      const uploading = { status: { status: "uploading" } };
      await soon(() => expect(files()).toMatchObject([uploading, uploading]));
    });

    it("tells the host once, and goes on when that throws", () => {
      whenUploaded = () => {
        throw new Error("the host's");
      };
      const tell = store("a.wav", "b.wav");
      tell();
      tell();
      controller.dispose();
      expect(uploaded).toEqual(["a.wav", "b.wav"]);
    });

    it("tells a host that takes the widget away as soon as it hears of it", () => {
      controller.uppy.on("upload-success", () => controller.dispose());
      store("a.wav", "b.wav")();
      expect(uploaded).toEqual(["a.wav", "b.wav"]);
    });

    it("tells a host that takes the file away as soon as it hears of it, and calls nothing cancelled", async () => {
      controller.uppy.on("upload-success", (file) => file && controller.uppy.removeFile(file.id));
      const before = controller.getState();
      store("a.wav")();
      expect(uploaded).toEqual(["a.wav"]);
      await soon(() => expect(files()).toHaveLength(1));
      expect(announcementOf(before, controller.getState())).toBe("a.wav uploaded.");
    });

    it("tells the host before finished files leave the list", () => {
      const tell = store("a.wav");
      controller.actions.dismissFinished();
      tell();
      expect(uploaded).toEqual(["a.wav"]);
      expect(controller.uppy.getFiles()).toHaveLength(1);
    });

    it("tells the host when the widget goes before the event has come", () => {
      store("a.wav");
      controller.dispose();
      expect(uploaded).toEqual(["a.wav"]);
    });
  });

  it("refuses a file that is in the list already though a listener of the host threw when it came", () => {
    const [file] = many(1);
    if (file === undefined) throw new Error("no file");
    const fail = () => {
      throw new Error("not mine");
    };
    controller.uppy.on("file-added", fail);
    expect(() => controller.actions.addFiles([file])).toThrow("not mine");
    controller.uppy.off("file-added", fail);
    const again = { name: file.name, type: file.type, data: file, source: "local" };
    expect(() => controller.uppy.addFile(again)).toThrow();
    expect(controller.uppy.getFiles()).toHaveLength(1);
  });

  it("leaves to Uppy what a host's rule about all files decides", async () => {
    controller.uppy.setOptions({ restrictions: { maxNumberOfFiles: 2 } });
    controller.actions.addFiles(["one", "two", "three"].map((name) => new File(["x"], `${name}.mp3`)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(files()).toEqual([]);
  });
});
