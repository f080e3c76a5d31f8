import { describe, expect, it } from "vitest";
import { sourceOf } from "../../test/support/browser-profile.ts";
import { SimulatedCloud, simulatedHash } from "../../test/support/simulated-cloud.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { FromEngine } from "./engine-messages.ts";
import { startEngine } from "./start-engine.ts";

const MiB = 1024 * 1024;

function open() {
  const clock = new VirtualClock();
  const cloud = new SimulatedCloud({
    clock,
    random: () => 0.5,
    partSize: 5 * MiB,
    trouble: 0,
    expiresInSeconds: 900,
  });
  const said: FromEngine[] = [];
  const remembered = new Map<string, string>();
  const post = (message: FromEngine) => {
    said.push(message);
    if (message.type !== "updates") return;
    for (const [key, value] of message.remember) {
      if (value === null) remembered.delete(key);
      else remembered.set(key, value);
    }
  };
  const tell = startEngine(post, { client: cloud.client, put: cloud.put, hash: simulatedHash, clock });
  tell({
    type: "open",
    settings: {
      companionUrl: "https://c",
      storeName: "c",
      lanes: 4,
      stallTimeoutMs: 10_000,
      retry: undefined,
      remembered: [],
      isOnline: true,
    },
  });
  const add = (id: string, run: number) =>
    tell({ type: "add", files: [{ run, source: sourceOf(id, 30 * MiB) }] });
  const isAsked = async () => {
    while (!cloud.calls.includes("create")) await clock.step();
  };
  const isClosed = () => said.some(({ type }) => type === "closed");
  return { clock, cloud, remembered, tell, add, isAsked, isClosed };
}

describe("startEngine, when its page lets go", () => {
  it("remembers a session whose answer was still on its way", async () => {
    const { clock, cloud, remembered, tell, add, isAsked, isClosed } = open();
    add("a", 1);
    await isAsked();
    tell({ type: "close" });
    await clock.advance(60_000);
    const [session] = cloud.sessions.keys();
    expect([isClosed(), cloud.sessions.size]).toEqual([true, 1]);
    expect([...remembered.keys()].some((key) => key.endsWith(`/${session}`))).toBe(true);
  });

  it("ends a session that was cancelled while it was being asked for, now or in the next page", async () => {
    const { clock, cloud, remembered, tell, add, isAsked, isClosed } = open();
    add("a", 1);
    await isAsked();
    tell({ type: "cancel", id: "a" });
    tell({ type: "close" });
    await clock.advance(60_000);
    const [session] = cloud.sessions.values();
    const isToDiscard = [...remembered.keys()].some((key) => key.endsWith(`discard/${session?.sessionId}`));
    expect(isClosed()).toBe(true);
    expect(session?.state === "aborted" || isToDiscard).toBe(true);
  });

  it("asks for nothing more", async () => {
    const { clock, cloud, tell, add, isClosed } = open();
    add("a", 1);
    tell({ type: "close" });
    await clock.advance(60_000);
    expect([isClosed(), cloud.sessions.size]).toEqual([true, 0]);
  });
});
