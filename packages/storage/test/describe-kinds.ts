import { gzipSync } from "node:zlib";
import { contentKind, type NewUpload } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  begin,
  newUpload,
  openTestStorage,
  PART_SIZE,
  send,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

const PNG = Buffer.from(
  "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082",
  "hex",
);
const MIB = 1024 * 1024;
type Kind = Partial<NewUpload> & { name: string };

/** What is kept beside audio: where, as what, how much of it, and that none of it is ever a page of ours. */
export function describeKinds(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`kinds of content on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    let workspaceId: string;
    beforeAll(async () => {
      store = await open();
      on = await openTestStorage(store);
      workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "member" } });
    });
    afterAll(async () => {
      await on[Symbol.asyncDispose]();
      await store.close();
    });

    const refusal = async (file: Partial<NewUpload> & { size: number }) => {
      const [result] = await on.storage.uploads.create(on.me, [newUpload({ type: "", ...file })]);
      return result !== undefined && "error" in result ? result.error : undefined;
    };
    const bytesOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

    it.each([
      [{ contentType: "avatar", name: "me.png" }, PNG, "static/avatars/", "image/png", /^inline/],
      [
        { contentType: "avatar", category: "workspace-asset", name: "logo.png" },
        PNG,
        "static/workspace-assets/",
        "image/png",
        /^inline/,
      ],
      [
        { contentType: "document", name: "a.pdf" },
        Buffer.from("%PDF-1.7\n"),
        "documents/",
        "application/pdf",
        /^attachment/,
      ],
      [
        { contentType: "document", name: "page.md" },
        Buffer.from("<script>alert(1)</script>"),
        "documents/",
        "text/plain; charset=utf-8",
        /^attachment/,
      ],
      [
        { contentType: "export_file", category: "bulk", name: "all.zip" },
        Buffer.from("PK\x03\x04\x14\0", "latin1"),
        "exports/bulk/",
        "application/zip",
        /^attachment/,
      ],
      [
        { contentType: "backup", name: "a.gz" },
        gzipSync("a"),
        "backups/user-data/",
        "application/gzip",
        /^attachment/,
      ],
      [
        { contentType: "backup", name: "a.dump" },
        Buffer.from("PGDMP\0"),
        "backups/user-data/",
        "application/octet-stream",
        /^attachment/,
      ],
    ] as [Kind, Buffer, string, string, RegExp][])(
      "keeps %o under its prefix and gives it as what it is",
      async (kind, bytes, prefix, type, disposition) => {
        const where = kind.category === "workspace-asset" ? { workspaceId } : {};
        const file = await upload(on, bytesOf(bytes), { type: "", ...kind, ...where });
        expect(file.key.startsWith(prefix)).toBe(true);
        const { url } = await on.storage.files.download(on.me, file.id, { disposition: "inline" });
        const answer = await fetch(url);
        expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
        expect(answer.headers.get("content-type")).toBe(type);
        expect(answer.headers.get("content-disposition")).toMatch(disposition);
      },
    );

    it.each([
      [{ contentType: "avatar", name: "me.png" }, "public, max-age=31536000, immutable", null],
      [{ contentType: "document", name: "me.pdf" }, "public, max-age=86400", "attachment"],
    ] as [Kind, string, string | null][])(
      "shows %o to anyone as its kind is shown, also when it came in parts",
      async (kind, cacheControl, disposition) => {
        const start = kind.name.endsWith("png") ? PNG : Buffer.from("%PDF-1.7\n");
        for (const [size, method] of [
          [1_000, "put"],
          [3 * MIB, "put"],
          [4 * MIB, "multipart"],
        ] as const) {
          const bytes = bytesOf(Buffer.concat([start, Buffer.alloc(size - start.length)]));
          const file = await upload(on, bytes, { type: "", method, ...kind });
          const { publicUrl } = await on.storage.files.update(on.me, file.id, { accessLevel: "public" });
          const answer = await fetch(publicUrl ?? "");
          expect((await answer.arrayBuffer()).byteLength).toBe(size);
          expect(answer.headers.get("cache-control")).toBe(cacheControl);
          expect(answer.headers.get("content-disposition")).toBe(disposition);
        }
      },
    );

    it.each([
      ["avatar", "me.svg"],
      ["avatar", "me.html"],
      ["avatar", "me.png.svg"],
      ["document", "page.html"],
      ["document", "page.xhtml"],
      ["document", "page.svg"],
      ["document", "a.js"],
      ["export_file", "a.xml"],
      ["backup", "a.html"],
      ["avatar", "a.wav"],
      ["audio_file", "a.png"],
    ] as const)("takes no %s called %s", async (contentType, name) => {
      expect(await refusal({ contentType, name, size: 10 })).toMatchObject({ code: "type_not_allowed" });
    });

    it.each(["image/svg+xml", "text/html; charset=utf-8", " TEXT/HTML", "application/xhtml+xml", "text/xml"])(
      "takes nothing announced as %s, by whatever name",
      async (type) => {
        for (const [contentType, name] of [
          ["avatar", "me.png"],
          ["document", "a.txt"],
        ] as const)
          expect(await refusal({ contentType, name, type, size: 10 })).toMatchObject({
            code: "type_not_allowed",
          });
      },
    );

    it.each([
      ["avatar", "me.png", '<svg xmlns="http://www.w3.org/2000/svg"/>'],
      ["avatar", "me.jpg", "<!doctype html>"],
      ["document", "a.pdf", "<html>"],
      ["document", "a.txt", "MZ\0\0"],
      ["export_file", "a.zip", "<html>"],
    ] as const)("keeps no %s called %s that holds %j", async (contentType, name, text) => {
      const bytes = bytesOf(Buffer.from(text));
      const session = await begin(on, { contentType, name, type: "", size: bytes.length });
      await send(session, session.urls, bytes);
      await expect(on.storage.uploads.complete(on.me, session.sessionId, {})).rejects.toMatchObject({
        code: "content_mismatch",
      });
      await on.storage.sweep();
      expect(await on.bucket.has(session.key)).toBe(false);
    });

    it.each([
      [{ contentType: "avatar", name: "a.png" }, 5 * MIB],
      [{ contentType: "avatar", category: "workspace-asset", name: "a.png" }, 20 * MIB],
      [{ contentType: "document", name: "a.pdf" }, 100 * MIB],
    ] as [Kind, number][])("takes %o up to its size, and not a byte more", async (kind, maxFileSize) => {
      const where = kind.category === "workspace-asset" ? { workspaceId } : {};
      expect(await refusal({ ...kind, ...where, size: maxFileSize })).toBeUndefined();
      expect(await refusal({ ...kind, ...where, size: maxFileSize + 1 })).toMatchObject({
        code: "file_too_large",
        details: { size: maxFileSize + 1, maxFileSize },
      });
    });

    it("tells before a byte moves just what it goes by afterwards, for every kind", async () => {
      const { kinds = [], ...audio } = await on.storage.config(on.me);
      const whatOf = (all: readonly { contentType: string; category?: string | undefined }[]) =>
        all.map(({ contentType, category = "" }) => `${contentType} ${category}`.trim()).toSorted();
      const combinations = contentKind.options.map((contentType) => ({ contentType }));
      expect(whatOf(kinds)).toEqual(
        [...whatOf(combinations), "avatar workspace-asset", "export_file bulk"].toSorted(),
      );
      expect(kinds.find(({ contentType }) => contentType === "audio_file")).toMatchObject({
        maxFileSize: audio.maxFileSize,
        allowedExtensions: audio.allowedExtensions,
        types: expect.arrayContaining(["audio/mpeg", "audio/wav"]),
      });
      for (const { contentType, category, needsWorkspace, maxFileSize, allowedExtensions, types } of kinds) {
        const kind = { contentType, ...(category && { category }), ...(needsWorkspace && { workspaceId }) };
        for (const extension of allowedExtensions)
          expect(await refusal({ ...kind, name: `a.${extension}`, size: 10 }), extension).toBeUndefined();
        for (const extension of ["exe", "html", "svg"])
          expect(await refusal({ ...kind, name: `a.${extension}`, size: 10 })).toMatchObject({
            code: "type_not_allowed",
            details: { allowedExtensions },
          });
        expect(
          await refusal({ ...kind, name: `a.${allowedExtensions[0]}`, size: maxFileSize + 1 }),
        ).toMatchObject({
          code: "file_too_large",
          details: { maxFileSize },
        });
        expect(types.every((type) => /^[a-z]+\/[a-z0-9.+-]+(; charset=utf-8)?$/.test(type))).toBe(true);
      }
    });

    it("takes an asset for a workspace that one may upload to, and a category for its kind alone", async () => {
      const asset = { contentType: "avatar", category: "workspace-asset", name: "a.png", size: 10 } as const;
      expect(await refusal(asset)).toMatchObject({ code: "invalid_request" });
      const stranger = { userId: await seedUser(on.db) };
      const [foreign] = await on.storage.uploads.create(stranger, [
        newUpload({ ...asset, type: "", workspaceId }),
      ]);
      expect(foreign).toMatchObject({ error: { code: "workspace_not_found" } });
      for (const wrong of [
        { contentType: "avatar", category: "bulk", name: "a.png" },
        { contentType: "audio_file", category: "workspace-asset", name: "a.wav", workspaceId },
      ] as const)
        expect(await refusal({ ...wrong, size: 10 })).toMatchObject({ code: "invalid_request" });
      expect(await refusal({ name: "a.wav", size: wavBytes(2 * PART_SIZE).length })).toBeUndefined();
    });
  });
}
