import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { throttle } from "./throttle.ts";

describe("throttle", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("runs at once, then once for all calls of an interval", () => {
    const action = vi.fn();
    const { call } = throttle(action, 100);
    call();
    expect(action).toHaveBeenCalledTimes(1);
    for (let count = 0; count < 50; count += 1) call();
    vi.advanceTimersByTime(100);
    expect(action).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(action).toHaveBeenCalledTimes(2);
  });

  it("never runs after stop", () => {
    const action = vi.fn();
    const { call, stop } = throttle(action, 100);
    call();
    call();
    stop();
    call();
    vi.advanceTimersByTime(1000);
    expect(action).toHaveBeenCalledTimes(1);
  });
});
