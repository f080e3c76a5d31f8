import { UploadError } from "@audiotricks/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ConfigState, loadConfig } from "./config-state.ts";

const config = {
  maxFileSize: 1000,
  allowedExtensions: ["mp3"],
  singlePutMaxSize: 10,
  preferredPartSize: 10,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 10,
};

describe("loadConfig", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks again, ever more slowly, until the companion answers", async () => {
    let asked = 0;
    const states: ConfigState[] = [];
    loadConfig(
      async () => {
        asked += 1;
        if (asked < 4) throw new TypeError("Failed to fetch");
        return config;
      },
      (state) => states.push(state),
    );
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
    expect(states).toEqual([
      { status: "loading" },
      { status: "unreachable", retryInMs: 1000 },
      { status: "unreachable", retryInMs: 2000 },
      { status: "unreachable", retryInMs: 4000 },
      { status: "ready", config },
    ]);
  });

  it("leaves it to the person when nobody is signed in", async () => {
    const load = vi.fn(() => Promise.reject(new UploadError("unauthenticated", "Sign in first.")));
    const states: ConfigState[] = [];
    const loader = loadConfig(load, (state) => states.push(state));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ status: "signed_out" });
    expect(load).toHaveBeenCalledTimes(1);

    load.mockImplementation(() => Promise.resolve(config) as never);
    loader.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(states.at(-1)).toEqual({ status: "ready", config });
  });

  it("says nothing after it was stopped", async () => {
    const states: ConfigState[] = [];
    const loader = loadConfig(
      async () => config,
      (state) => states.push(state),
    );
    loader.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual([{ status: "loading" }]);
  });
});
