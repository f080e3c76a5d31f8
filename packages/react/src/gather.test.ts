import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { gather } from "./gather.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("runs once for all calls of an interval, the first one too", () => {
  const action = vi.fn();
  const { call } = gather(action, 100);
  call();
  vi.advanceTimersByTime(99);
  call();
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(action).toHaveBeenCalledTimes(1);
  call();
  vi.advanceTimersByTime(100);
  expect(action).toHaveBeenCalledTimes(2);
});

it("never runs after stop", () => {
  const action = vi.fn();
  const { call, stop } = gather(action, 100);
  call();
  stop();
  call();
  vi.advanceTimersByTime(1000);
  expect(action).not.toHaveBeenCalled();
});
