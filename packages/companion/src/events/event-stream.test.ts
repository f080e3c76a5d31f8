import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openEventStream } from "./event-stream.ts";

const HEARTBEAT_MS = 1000;

function open() {
  const ended = vi.fn<() => void>();
  const cutOff = vi.fn<() => void>();
  const stream = openEventStream({ heartbeatMs: HEARTBEAT_MS, onEnd: ended, cutOff });
  const reader = stream.body.getReader();
  const read = async () => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  return { stream, reader, read, ended, cutOff };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an event stream", () => {
  it("brings each event to a reader that takes them, in order", async () => {
    const { stream, read } = open();
    for (const data of ["1", "2", "3"]) {
      const taken = read();
      stream.send("quota", data);
      expect(await taken).toBe(`event: quota\ndata: ${data}\n\n`);
    }
  });

  it("keeps one event and the last one for a reader that takes none, however many come", async () => {
    const { stream, read } = open();
    for (let count = 0; count <= 10_000; count++) stream.send("quota", String(count));
    expect(await read()).toBe("event: quota\ndata: 0\n\n");
    expect(await read()).toBe("event: quota\ndata: 10000\n\n");
    const next = read();
    stream.send("quota", "after");
    expect(await next).toBe("event: quota\ndata: after\n\n");
  });

  it("keeps the last one of each name, so that none is lost for another", async () => {
    const { stream, read } = open();
    stream.send("quota", "0");
    for (let count = 1; count <= 100; count++) {
      stream.send("quota", String(count));
      stream.send("files", `f${count}`);
    }
    expect(await read()).toBe("event: quota\ndata: 0\n\n");
    expect(await read()).toBe("event: quota\ndata: 100\n\n");
    expect(await read()).toBe("event: files\ndata: f100\n\n");
  });

  it("gives a sign of life while nothing changes, which no reader takes for an event", async () => {
    const { read, ended } = open();
    for (let beats = 0; beats < 10; beats++) {
      const taken = read();
      await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
      expect(await taken).toBe(":\n\n");
    }
    expect(ended).not.toHaveBeenCalled();
  });

  it("is over, and its connection dropped, when four signs of life in a row found the one before untaken", async () => {
    const { stream, read, ended, cutOff } = open();
    stream.send("quota", "1");
    await vi.advanceTimersByTimeAsync(3 * HEARTBEAT_MS);
    expect(ended).not.toHaveBeenCalled();
    expect(await read()).toContain("data: 1");
    await vi.advanceTimersByTimeAsync(4 * HEARTBEAT_MS);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    expect(ended).toHaveBeenCalledOnce();
    expect(cutOff).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends once, in good order, for a reader that keeps up; and says nothing afterwards", async () => {
    const { stream, read, ended, cutOff } = open();
    const taken = read();
    stream.end();
    stream.end();
    stream.send("quota", "late");
    expect(await taken).toBeNull();
    expect(ended).toHaveBeenCalledOnce();
    expect(cutOff).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is let go of when its reader goes away, also in the middle of what it had not taken", async () => {
    const { stream, reader, ended } = open();
    stream.send("quota", "1");
    stream.send("quota", "2");
    await reader.cancel();
    expect(ended).toHaveBeenCalledOnce();
    stream.send("quota", "3");
    stream.end();
    expect(ended).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
