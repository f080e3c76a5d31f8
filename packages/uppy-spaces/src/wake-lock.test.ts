import { describe, expect, it } from "vitest";
import { createWakeKeeper } from "./wake-lock.ts";

function open(answer: "grant" | "refuse" = "grant") {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" as DocumentVisibilityState });
  let held = 0;
  let asked = 0;
  const source = {
    request: async () => {
      asked += 1;
      if (answer === "refuse") throw new DOMException("Low battery", "NotAllowedError");
      held += 1;
      return {
        release: async () => {
          held -= 1;
        },
      };
    },
  };
  const show = (visibilityState: DocumentVisibilityState) => {
    page.visibilityState = visibilityState;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  const keeper = createWakeKeeper(source, page as unknown as Document);
  const state = async () => {
    await new Promise(setImmediate);
    return { held, asked };
  };
  return { keeper, show, state };
}

describe("createWakeKeeper", () => {
  it("holds one lock while it is wanted", async () => {
    const { keeper, state } = open();
    keeper.set(true);
    keeper.set(true);
    expect(await state()).toEqual({ held: 1, asked: 1 });
    keeper.set(false);
    expect(await state()).toEqual({ held: 0, asked: 1 });
  });

  it("gives back a lock that comes when it is no longer wanted", async () => {
    const { keeper, state } = open();
    keeper.set(true);
    keeper.set(false);
    expect(await state()).toEqual({ held: 0, asked: 1 });
    keeper.set(true);
    expect(await state()).toEqual({ held: 1, asked: 2 });
  });

  it("asks again when the page is seen again, and not while it is hidden", async () => {
    const { keeper, show, state } = open();
    keeper.set(true);
    await state();
    show("hidden");
    expect(await state()).toEqual({ held: 0, asked: 1 });
    show("visible");
    expect(await state()).toEqual({ held: 1, asked: 2 });
    keeper.set(false);
    show("hidden");
    show("visible");
    expect(await state()).toEqual({ held: 0, asked: 2 });
  });

  it("does without where it is refused, or where there is none", async () => {
    const { keeper, show, state } = open("refuse");
    keeper.set(true);
    expect(await state()).toEqual({ held: 0, asked: 1 });
    show("visible");
    expect(await state()).toEqual({ held: 0, asked: 2 });
    expect(() => createWakeKeeper(null, null).set(true)).not.toThrow();
  });
});
