import fc from "fast-check";
import { expect, it } from "vitest";
import {
  CountingBlob,
  chunkOf,
  fixtureBlob,
  fixtureBytes,
  id3Tag,
  wavHead,
} from "./audio-fixtures.fixture.ts";
import { imageSize } from "./image-size.ts";
import { readCover } from "./read-cover.ts";

const KiB = 1024;

it("finds the cover that is in a file", async () => {
  const file = new CountingBlob(await fixtureBlob("chord-with-cover.mp3"));
  const cover = await readCover(file, 900 * KiB);
  expect(cover?.format).toBe("image/jpeg");
  expect(imageSize(cover?.data ?? new Uint8Array())).toEqual({ width: 440, height: 440 });
  expect(file.bytesRead).toBeLessThan(200 * KiB);
  expect(await readCover(await fixtureBlob("chord.mp3"), 900 * KiB)).toBeNull();
  expect(await readCover(await fixtureBlob("chord.m4a"), 900 * KiB)).toBeNull();
});

it("finds it in the tag of a WAV, behind the sound", async () => {
  const picture = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3);
  const sound = new Uint8Array(600 * KiB);
  const file = new Blob([wavHead(sound.length), sound, chunkOf("id3 ", id3Tag("Side A", picture))]);
  expect((await readCover(file, 900 * KiB))?.data).toEqual(picture);
});

it("has none of a cover that is more than may be read, and reads no more", async () => {
  const sound = await fixtureBytes("chord.mp3");
  const file = new CountingBlob(new Blob([id3Tag("Loud", new Uint8Array(5 * KiB * KiB)), sound]));
  expect(await readCover(file, 900 * KiB)).toBeNull();
  expect(file.bytesRead).toBeLessThanOrEqual(900 * KiB);
});

it("never throws, whatever the bytes are", async () => {
  const bytes = await fixtureBytes("chord-with-cover.mp3");
  const changes = fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(changes, async (places) => {
      const changed = Uint8Array.from(bytes);
      for (const [at, value] of places) changed[at] = value;
      const file = new CountingBlob(new Blob([changed]));
      const cover = await readCover(file, 300 * KiB);
      expect(file.bytesRead).toBeLessThanOrEqual(300 * KiB);
      if (cover !== null) imageSize(cover.data);
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
      imageSize(Uint8Array.from([0xff, 0xd8, ...any]));
      imageSize(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, ...any]));
    }),
  );
});

it("knows how large a PNG is, and no other kind of picture", () => {
  const png = new Uint8Array(24);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(png.buffer).setUint32(16, 30_000);
  new DataView(png.buffer).setUint32(20, 20_000);
  expect(imageSize(png)).toEqual({ width: 30_000, height: 20_000 });
  expect(imageSize(new TextEncoder().encode("<svg onload=alert(1)></svg>"))).toBeNull();
});
