import { executableBytes, wavBytes } from "@audiotricks/testing/audio";
import { beforeEach, describe, expect, it } from "vitest";
import { ask, follow } from "./target/ask.ts";
import { newUser } from "./target/database.ts";
import { expectServedSafely } from "./target/served.ts";
import { bucket } from "./target/state.ts";
import {
  begin,
  beginOne,
  complete,
  downloadUrl,
  NOTHING,
  sendParts,
  store,
  usageOf,
} from "./target/upload.ts";

const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>',
);
const HTML = Buffer.from("<!doctype html><script>alert(document.domain)</script>");
const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), HTML]);

describe("a page in a file's clothes (SVG, HTML, a lying Content-Type)", () => {
  let who: string;
  beforeEach(async () => {
    who = await newUser();
  });

  it("is refused by its name and by what it is announced as, in every kind of file", async () => {
    const names = [
      "svg",
      "svgz",
      "html",
      "htm",
      "xhtml",
      "xht",
      "xml",
      "js",
      "mjs",
      "css",
      "swf",
      "mhtml",
      "shtml",
      "hta",
      "exe",
    ];
    const kinds = ["audio_file", "avatar", "document", "export_file", "backup"];
    const types = [
      "text/html",
      "image/svg+xml",
      "application/xhtml+xml",
      "text/javascript",
      "TEXT/HTML; charset=utf-7",
      "text/xml",
      " text/html",
    ];
    for (const contentType of kinds) {
      const byName = await begin(
        who,
        names.map((name) => ({ name: `a.${name}`, size: 50, contentType })),
      );
      const byType = await begin(
        who,
        types.map((type) => ({
          name: contentType === "audio_file" ? "a.wav" : "a.pdf",
          type,
          size: 50,
          contentType,
        })),
      );
      for (const { error } of [...byName, ...byType]) expect(error?.code).toBe("type_not_allowed");
    }
    expect(await usageOf(who)).toEqual(NOTHING);
  });

  it("is refused by its bytes once it is there, removed, and its quota given back", async () => {
    for (const [name, contentType, bytes] of [
      ["a.wav", "audio_file", SVG],
      ["a.mp3", "audio_file", HTML],
      ["a.ogg", "audio_file", executableBytes(5000)],
      ["a.png", "avatar", SVG],
      ["a.jpg", "avatar", HTML],
      ["a.pdf", "document", HTML],
      ["a.txt", "document", Buffer.concat([HTML, Buffer.from([0])])],
      ["a.zip", "export_file", HTML],
    ] as const)
      for (const method of ["put", "multipart"] as const) {
        const session = await beginOne(who, { name, contentType, size: bytes.length, method });
        await sendParts(session, bytes);
        expect((await complete(who, session.sessionId)).code, name).toBe("content_mismatch");
        expect((await complete(who, session.sessionId)).code).toBe("content_mismatch");
        await expect.poll(() => bucket.keys(), { timeout: 60_000 }).not.toContain(session.key);
        expect((await ask(who, "POST", `/v1/files/${session.fileId}/download`, { json: {} })).status).toBe(
          404,
        );
      }
    expect(await usageOf(who)).toEqual(NOTHING);
  });

  it("is not made of one that is stored by what the store is told beside the bytes", async () => {
    const bytes = wavBytes(2000);
    const { urls } = await beginOne(who, { name: "a.wav", size: bytes.length, method: "put" });
    const { url = "", headers = {} } = urls[0] ?? {};
    for (const more of [
      { "x-amz-acl": "public-read" },
      { "x-amz-meta-a": "b" },
      { "x-amz-copy-source": "/a/b" },
    ])
      expect((await follow(url, "PUT", { headers: { ...headers, ...more }, body: bytes })).status).toBe(403);

    for (const [name, contentType, body] of [
      ["a.wav", "audio_file", wavBytes(2000)],
      ["a.png", "avatar", PNG],
      ["a.txt", "document", HTML],
      ["a.pdf", "document", Buffer.concat([Buffer.from("%PDF-1.7\n"), HTML])],
    ] as const) {
      const session = await beginOne(who, { name, contentType, size: body.length, method: "put" });
      const [part] = session.urls;
      const lie = {
        "content-type": "text/html",
        "content-disposition": "inline",
        "content-encoding": "identity",
      };
      const sent = await follow(part?.url ?? "", "PUT", { headers: { ...lie, ...part?.headers }, body });
      expect([200, 403]).toContain(sent.status);
      if (sent.status !== 200) await sendParts(session, body);
      expect((await complete(who, session.sessionId)).status).toBe(200);
      const extension = name.split(".")[1] ?? "";
      for (const asked of ["attachment", "inline"] as const)
        expectServedSafely(await follow(await downloadUrl(who, session.fileId, asked)), { extension, asked });
    }
  });

  it("is none where anyone reads it without a signature, and no signature is to be had for one", async () => {
    const { file } = await store(who, HTML, { name: "a.txt", contentType: "document" });
    const shared = await ask(who, "PATCH", `/v1/files/${file.id}`, { json: { accessLevel: "public" } });
    const { publicUrl = "" } = shared.json<{ publicUrl?: string }>();
    expectServedSafely(await follow(publicUrl), { extension: "txt", asked: "attachment" });
    for (const query of ["response-content-type=text/html", "response-content-disposition=inline"]) {
      const answer = await follow(`${publicUrl}?${query}`);
      if (answer.status === 200) expectServedSafely(answer, { extension: "txt", asked: "attachment" });
      else expect(answer.status).toBeLessThan(500);
    }
    const content = await ask(who, "GET", `/v1/files/${file.id}/content`);
    expect(content.status).toBe(302);
    expectServedSafely(await follow(`${content.headers.location}`), { extension: "txt", asked: "inline" });
    expect(
      (await ask(who, "POST", `/v1/files/${file.id}/download`, { json: { contentType: "text/html" } })).code,
    ).toBe("invalid_request");
  });
});
