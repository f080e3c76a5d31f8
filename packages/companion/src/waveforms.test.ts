import { encodePeaks, MAX_PEAKS_FILE_SIZE } from "@audiotricks/protocol";
import { expect, it } from "vitest";
import { ALPHA, BETA, createMemoryCompanion, errorOf } from "../test/memory-companion.ts";

const peaks = encodePeaks({ sampleRate: 44_100, samplesPerPeak: 16, values: Int8Array.of(-5, 5) });

async function openWithAFile() {
  const companion = createMemoryCompanion();
  const [created] = await companion.storage.uploads.create({ userId: ALPHA }, [
    { clientId: "1", name: "a.mp3", size: 1, type: "", contentType: "audio_file" },
  ]);
  if (created === undefined || !("session" in created)) throw new Error("the fake refused");
  await companion.storage.uploads.complete({ userId: ALPHA }, created.session.sessionId, {});
  const path = `/v1/files/${created.session.fileId}/waveform`;
  const ask = (user: string | null, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (user !== null) headers.set("authorization", `Bearer ${user}`);
    return companion.app.request(path, { ...init, headers });
  };
  const keep = (body: Uint8Array<ArrayBuffer>, user: string | null = ALPHA) =>
    ask(user, { method: "POST", body, headers: { "content-type": "application/octet-stream" } });
  return { ask, keep, companion };
}

it("gives back the peaks that were kept, and says of those that a browser has that they are the same", async () => {
  const { ask, keep } = await openWithAFile();
  expect((await errorOf(await ask(ALPHA))).code).toBe("file_not_found");
  expect(await (await keep(peaks)).json()).toEqual({ state: "stored" });
  const answer = await ask(ALPHA);
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(peaks);
  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  expect(answer.headers.get("cache-control")).toBe("private, no-cache");
  expect(answer.headers.get("vary")).toContain("Authorization");
  const same = await ask(ALPHA, { headers: { "if-none-match": answer.headers.get("etag") ?? "" } });
  expect(same.status).toBe(304);
  expect(await same.text()).toBe("");
});

it("takes no more than a waveform has, and nothing else", async () => {
  const { keep } = await openWithAFile();
  expect((await errorOf(await keep(new Uint8Array(MAX_PEAKS_FILE_SIZE + 1)))).code).toBe("body_too_large");
  for (const bytes of [new Uint8Array(), new Uint8Array(100), peaks.slice(1)])
    expect((await errorOf(await keep(bytes))).code).toBe("invalid_request");
});

it("has none for anybody else", async () => {
  const { ask, keep } = await openWithAFile();
  await keep(peaks);
  expect((await errorOf(await ask(null))).code).toBe("unauthenticated");
  expect((await errorOf(await keep(peaks, null))).code).toBe("unauthenticated");
  expect((await errorOf(await ask(BETA))).code).toBe("file_not_found");
  expect((await errorOf(await keep(peaks, BETA))).code).toBe("file_not_found");
});
