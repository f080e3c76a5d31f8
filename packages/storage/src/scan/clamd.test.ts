import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { createClamd } from "./clamd.ts";
import { parseClamdReply } from "./clamd-reply.ts";
import { readPieces } from "./read-pieces.ts";
import { ScannerUnavailable } from "./scanner.ts";

/** Somebody who answers at clamd's port as no clamd should. */
async function impostor(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    connections: () => sockets.size,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
const fileOf = (
  size: number,
  read = () => readPieces(async (_, length) => new Uint8Array(length), size),
) => ({
  size,
  read,
});
const soon = () => ({ signal: AbortSignal.timeout(20_000) });

it("is understood: nothing found, something, more than it takes, and anything else as no answer", () => {
  expect(parseClamdReply("stream: OK\0")).toEqual({ outcome: "clean" });
  expect(parseClamdReply("stream: Win.Test.EICAR_HDB-1 FOUND\0")).toEqual({
    outcome: "infected",
    name: "Win.Test.EICAR_HDB-1",
  });
  expect(parseClamdReply("stream: a\u0007\u001b[2Jb FOUND\0stream: OK\0")).toEqual({
    outcome: "infected",
    name: "a?[2Jb",
  });
  for (const limited of [
    "INSTREAM size limit exceeded. ERROR\0",
    "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
  ])
    expect(parseClamdReply(limited)).toEqual({ outcome: "too_large", limit: undefined });
  for (const nothing of [
    "",
    "\0",
    "OK\0",
    "stream: OK FOUND maybe\0",
    "stream: clean\0",
    "COMMAND READ TIMED OUT\0",
  ])
    expect(() => parseClamdReply(nothing), nothing).toThrow(ScannerUnavailable);
});

it("is sent the file in pieces that say how long they are, and an end", async () => {
  const got: Buffer[] = [];
  using server = await impostor((socket) => {
    socket.on("data", (bytes) => {
      got.push(bytes);
      if (Buffer.concat(got).subarray(-4).equals(Buffer.alloc(4))) socket.end("stream: OK\0");
    });
  });
  const file = fileOf(700_000, async function* () {
    yield Buffer.alloc(700_000, 1);
  });
  expect(await createClamd({ address: server.address }).scan(file, soon())).toEqual({ outcome: "clean" });
  const all = Buffer.concat(got);
  let at = "zINSTREAM\0".length;
  expect(all.toString("latin1", 0, at)).toBe("zINSTREAM\0");
  const lengths: number[] = [];
  while (at < all.length) {
    const length = all.readUInt32BE(at);
    lengths.push(length);
    at += 4 + length;
  }
  expect(lengths.at(-1)).toBe(0);
  expect(lengths.reduce((sum, length) => sum + length)).toBe(700_000);
});

it("is no clean bill where it hangs up, says nothing, says nonsense or talks for ever", async () => {
  for (const [what, serve] of [
    ["hangs up at once", (socket: Socket) => socket.destroy()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["ends without a word", (socket: Socket) => socket.resume().end()],
    ["nonsense", (socket: Socket) => socket.resume().end("stream: perhaps\0")],
    ["no end", (socket: Socket) => socket.resume().write("x".repeat(50_000))],
    ["half of a word", (socket: Socket) => socket.resume().end("stream: O")],
    ["silence", (socket: Socket) => socket.resume()],
    ["takes nothing", (socket: Socket) => socket.pause()],
  ] as const) {
    using server = await impostor(serve);
    const clamd = createClamd({ address: server.address, silenceMs: 300, maxFileSize: 2 ** 30 });
    await expect(clamd.scan(fileOf(64 * 1024 ** 2), soon()), what).rejects.toThrow(ScannerUnavailable);
    expect(server.connections()).toBeLessThanOrEqual(4);
  }
});

it("is cut off when its time is up, and asks the store for nothing after that", async () => {
  using server = await impostor((socket) => socket.resume());
  const ending = new AbortController();
  const clamd = createClamd({ address: server.address });
  const scanning = clamd.scan(fileOf(1000), { signal: ending.signal });
  const outcome = expect(scanning).rejects.toThrow(ScannerUnavailable);
  await expect.poll(server.connections).toBe(1);
  ending.abort();
  await outcome;
  await expect(clamd.scan(fileOf(1000), { signal: ending.signal })).rejects.toThrow();
  expect(server.connections()).toBe(1);
});

it("is not told that a file is clean of which the store gave only a part", async () => {
  using server = await impostor((socket) => socket.resume());
  const short = fileOf(1000, () => readPieces(async () => new Uint8Array(10), 1000));
  await expect(createClamd({ address: server.address }).scan(short, soon())).rejects.toThrow("10 of 1000");
  const away = new Error("away");
  const gone = fileOf(1000, () => readPieces(() => Promise.reject(away), 1000));
  await expect(createClamd({ address: server.address }).scan(gone, soon())).rejects.toBe(away);
  // Never more than a piece of it at once, and every byte once.
  const asked: [number, number][] = [];
  for await (const piece of readPieces(
    async (offset, length) => {
      asked.push([offset, length]);
      return new Uint8Array(length);
    },
    10,
    4,
  ))
    expect(piece.length).toBeLessThanOrEqual(4);
  expect(asked).toEqual([
    [0, 4],
    [4, 4],
    [8, 2],
  ]);
});
