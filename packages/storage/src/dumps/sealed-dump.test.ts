import { randomBytes, randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Keyring, parseKeyring } from "../providers/keyring.ts";
import type { DumpAbout } from "./dump-header.ts";
import { describeDump, openDump, sealDump } from "./sealed-dump.ts";
import { FRAME_BYTES } from "./sealed-frames.ts";

const newKey = () => randomBytes(32).toString("base64");
const [OLD, NEW] = [newKey(), newKey()];
const keyring = parseKeyring(OLD);
const TAG = 16;

function about(): DumpAbout {
  return {
    id: randomUUID(),
    deploymentId: randomUUID(),
    engine: "postgres",
    serverVersion: "15.14",
    migration: "0030-database-dumps",
    startedAt: "2026-03-29T01:30:00.000Z",
  };
}

async function* inPieces(bytes: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const seal = (bytes: Uint8Array, dump = about(), keys: Keyring = keyring) =>
  collect(sealDump(inPieces(bytes), dump, keys));

/** What came before it failed, and the code. */
async function tryOpen(sealed: Uint8Array, keys: Keyring = keyring) {
  const given: Uint8Array[] = [];
  try {
    const { content } = await openDump(inPieces(sealed), keys);
    for await (const piece of content) given.push(piece);
    return { code: "opened", given: Buffer.concat(given) };
  } catch (error) {
    return { code: (error as { code: string }).code, given: Buffer.concat(given) };
  }
}

const headLength = (sealed: Buffer) => 12 + sealed.readUInt32BE(8);
const REFUSALS = ["dump_changed", "dump_truncated", "dump_unreadable", "dump_key_missing"];

/** Around the places where frames end. */
const length = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: FRAME_BYTES - 2, max: FRAME_BYTES + 2 }),
  fc.integer({ min: 2 * FRAME_BYTES - 2, max: 2 * FRAME_BYTES + 2 }),
  fc.integer({ min: 0, max: 4 * FRAME_BYTES }),
);

describe("a sealed dump", () => {
  it("opens to the same bytes, however they come and go", async () => {
    const size = fc.integer({ min: 1, max: 3 * FRAME_BYTES });
    await fc.assert(
      fc.asyncProperty(length, fc.array(size, { minLength: 1, maxLength: 3 }), async (count, sizes) => {
        const bytes = randomBytes(count);
        const dump = about();
        const sealed = await collect(sealDump(inPieces(bytes, ...sizes), dump, keyring));
        const opened = await openDump(inPieces(sealed, ...sizes.toReversed()), keyring);
        expect(opened.header).toEqual({ ...dump, keyId: keyring[0].id });
        expect((await collect(opened.content)).equals(bytes)).toBe(true);
        expect(sealed.length).toBe(
          headLength(sealed) + count + TAG * Math.max(1, Math.ceil(count / FRAME_BYTES)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("is refused with any byte changed, and gives nothing beyond the frame before it", async () => {
    const bytes = randomBytes(2 * FRAME_BYTES + 100);
    const sealed = await seal(bytes);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.nat(headLength(sealed)), fc.nat(sealed.length - 1)),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const changed = Buffer.from(sealed);
          changed.writeUInt8((changed[at] ?? 0) ^ mask, at);
          const { code, given } = await tryOpen(changed);
          expect(REFUSALS).toContain(code);
          const frame = Math.floor((at - headLength(sealed)) / (FRAME_BYTES + TAG));
          expect(given.equals(bytes.subarray(0, Math.max(0, frame) * FRAME_BYTES))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is refused when it ends anywhere before its end, or goes on after it", async () => {
    await fc.assert(
      fc.asyncProperty(length, fc.double({ min: 0, max: 1, noNaN: true }), async (count, share) => {
        const sealed = await seal(randomBytes(count));
        const cut = sealed.subarray(0, Math.floor(share * (sealed.length - 1)));
        expect(["dump_truncated", "dump_changed"]).toContain((await tryOpen(cut)).code);
        const longer = Buffer.concat([sealed, randomBytes(1 + Math.floor(share * 100))]);
        expect((await tryOpen(longer)).code).toBe("dump_changed");
      }),
      { numRuns: 60 },
    );
  });

  it("tells whole frames that are missing at the end", async () => {
    const sealed = await seal(randomBytes(3 * FRAME_BYTES));
    for (const frames of [0, 1, 2]) {
      const cut = sealed.subarray(0, headLength(sealed) + frames * (FRAME_BYTES + TAG));
      expect((await tryOpen(cut)).code).toBe("dump_truncated");
    }
  });

  it("is refused with frames in another order, twice, left out, or of another dump", async () => {
    const [sealed, other] = [
      await seal(randomBytes(4 * FRAME_BYTES)),
      await seal(randomBytes(4 * FRAME_BYTES)),
    ];
    const frame = (of: Buffer, number: number) =>
      of.subarray(headLength(of) + number * (FRAME_BYTES + TAG)).subarray(0, FRAME_BYTES + TAG);
    const head = sealed.subarray(0, headLength(sealed));
    for (const order of [[1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [0, 1, 3, 2], [3], [1, 2, 3]])
      expect((await tryOpen(Buffer.concat([head, ...order.map((at) => frame(sealed, at))]))).code).toBe(
        "dump_changed",
      );
    const mixed = [head, frame(sealed, 0), frame(other, 1), frame(sealed, 2), frame(sealed, 3)];
    expect((await tryOpen(Buffer.concat(mixed))).code).toBe("dump_changed");
    const otherHead = Buffer.concat([other.subarray(0, headLength(other)), sealed.subarray(head.length)]);
    expect((await tryOpen(otherHead)).code).toBe("dump_changed");
  });

  it("is bound to what it says of itself: another's name on it is refused", async () => {
    const bytes = randomBytes(10);
    const dump = about();
    const sealed = await seal(bytes, dump);
    for (const [from, to] of [
      [dump.id, randomUUID()],
      [dump.deploymentId, randomUUID()],
      ["2026-03-29", "2026-03-30"],
      ['"postgres"', '"pglite"  '],
      ["15.14", "16.14"],
    ] as const) {
      const changed = Buffer.from(sealed.toString("latin1").replace(from, to), "latin1");
      expect((await tryOpen(changed)).code).toBe("dump_changed");
    }
  });

  it("outlives the rotation of keys for as long as the keyring has its own", async () => {
    const bytes = randomBytes(FRAME_BYTES + 1);
    const sealed = await seal(bytes);
    expect(await tryOpen(sealed, parseKeyring(`${NEW} ${OLD}`))).toEqual({ code: "opened", given: bytes });
    expect((await tryOpen(sealed, parseKeyring(NEW))).code).toBe("dump_key_missing");
    await expect(openDump(inPieces(sealed), parseKeyring(NEW))).rejects.toThrow(keyring[0].id);
  });

  it("says what it is without a key, and keeps no secret in the open", async () => {
    const dump = about();
    const sealed = await seal(Buffer.from("a secret that nobody reads"), dump);
    expect(await describeDump(inPieces(sealed, 7))).toEqual({ ...dump, keyId: keyring[0].id });
    expect(sealed.includes("secret")).toBe(false);
    expect((await seal(Buffer.alloc(50), dump)).equals(await seal(Buffer.alloc(50), dump))).toBe(false);
  });

  it.each([
    ["nothing", ""],
    ["something else", "PGDMP and more of it"],
    ["a header that is too long", "ATDUMP\r\n\xff\xff\xff\xff"],
    ["a header that is no JSON", "ATDUMP\r\n\0\0\0\x02{]"],
    ["a format of a later release", 'ATDUMP\r\n\0\0\0\x0c{"format":2}'],
  ])("refuses %s", async (_what, text) => {
    const { code } = await tryOpen(Buffer.from(text, "latin1"));
    expect(text === "" ? "dump_truncated" : "dump_unreadable").toBe(code);
  });

  it("has no end when what is sealed had none", async () => {
    async function* broken() {
      yield randomBytes(3 * FRAME_BYTES);
      throw new Error("pg_dump was killed");
    }
    const written: Buffer[] = [];
    await expect(
      (async () => {
        for await (const piece of sealDump(broken(), about(), keyring)) written.push(piece);
      })(),
    ).rejects.toThrow("pg_dump was killed");
    expect((await tryOpen(Buffer.concat(written))).code).toBe("dump_truncated");
  });

  it("lets its source go when nobody reads on", async () => {
    let isLetGo = false;
    async function* endless() {
      try {
        for (;;) yield randomBytes(FRAME_BYTES);
      } finally {
        isLetGo = true;
      }
    }
    for await (const piece of sealDump(endless(), about(), keyring)) if (piece.length > FRAME_BYTES) break;
    expect(isLetGo).toBe(true);
  });
});
