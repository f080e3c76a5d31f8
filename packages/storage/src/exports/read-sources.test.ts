import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { connectS3, type RequestHandler } from "../s3/s3-connection.ts";
import type { Stores } from "../stores.ts";
import { layOut } from "./archive-layout.ts";
import type { PresentEntry } from "./export-progress.ts";
import { readSources } from "./read-sources.ts";

const MiB = 1024 * 1024;

/** A store in the place of HTTP whose objects have nothing but zeros. */
const zeros = {
  metadata: { handlerProtocol: "http/1.1" },
  destroy: () => undefined,
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  handle: ({ headers }: { headers: Record<string, string> }) => {
    const [, from = "0", to = "0"] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const pieces = Math.ceil((Number(to) - Number(from) + 1) / 65_536);
    const last = Number(to) - Number(from) + 1 - (pieces - 1) * 65_536;
    const body = Array.from({ length: pieces }, (_, n) => Buffer.alloc(n === pieces - 1 ? last : 65_536));
    return Promise.resolve({
      response: { statusCode: 206, headers: { etag: '"e"' }, body: Readable.from(body) },
    });
  },
} as RequestHandler;

function open(): Stores {
  const s3 = connectS3({
    endpoint: "http://127.0.0.1:9",
    bucket: "b",
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "K", secretAccessKey: "s" },
    completionLimitMs: 0,
    hasTwoHosts: false,
    record: () => undefined,
    requestHandler: zeros,
  });
  return { of: () => Promise.resolve({ s3 }) } as unknown as Stores;
}

it.each([
  ["large files", 40, 10.25 * MiB],
  ["files below one read", 150, 1_990_000],
  ["small files", 150, 1_000],
])("reads an archive's worth of %s into the same 80 MiB, whatever there is of it", async (_, count, size) => {
  const entries = Array.from(
    { length: count },
    (_unused, ordinal): PresentEntry => ({
      ordinal,
      fileId: `${ordinal}`,
      name: `${ordinal}.wav`,
      size,
      modifiedAt: new Date(0),
      crc32: null,
      source: { providerId: "p", key: `${ordinal}`, etag: "e" },
    }),
  );
  const read = readSources(open(), entries, {
    layout: layOut(entries),
    offset: 0,
    requireReadable: () => Promise.resolve(),
  });
  const memory = new Map<ArrayBufferLike, number>();
  let bytes = 0;
  for (const index of entries.keys())
    for await (const piece of read(index, 0)) {
      bytes += piece.length;
      memory.set(piece.buffer, piece.buffer.byteLength);
    }
  expect(bytes).toBe(count * size);
  // However soon it may be collected: what is taken anew for each read comes faster than that.
  expect([...memory.values()].reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(80 * MiB);
});
