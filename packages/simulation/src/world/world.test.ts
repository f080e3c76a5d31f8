import { expect, it } from "vitest";
import { createActor, runAs } from "./actor.ts";
import { randomOf } from "./random.ts";
import { World } from "./world.ts";

function begin() {
  const world = new World();
  const actor = createActor("somebody");
  const other = createActor("another");
  const said: string[] = [];
  const as = <T>(who: typeof actor, run: () => T) => runAs({ actor: who, random: randomOf(who.name) }, run);
  const later = (who: typeof actor, ms: number, what: string) =>
    as(who, () => world.after(ms, () => said.push(`${what} at ${world.now}`)));
  return { world, actor, other, said, as, later };
}

it("lets everything happen in the order of time, and of asking", async () => {
  const { world, actor, other, said, later } = begin();
  later(actor, 20, "late");
  later(other, 10, "first");
  later(actor, 10, "second");
  await world.pass(15);
  expect(said).toEqual(["first at 10", "second at 10"]);
  await world.pass(5);
  expect(said.at(-1)).toBe("late at 20");
});

it("ends what an actor waits for with the actor, and nothing that it has sent", async () => {
  const { world, actor, said, as, later } = begin();
  later(actor, 10, "answer");
  as(actor, () => world.after(10, () => said.push("on the wire"), world.wire));
  await world.kill(actor);
  await world.pass(20);
  expect(said).toEqual(["on the wire"]);
});

it("keeps a stalled actor waiting, and no other", async () => {
  const { world, actor, other, said, later } = begin();
  actor.stalledUntil = 100;
  later(actor, 10, "stalled");
  later(other, 20, "other");
  await world.pass(200);
  expect(said).toEqual(["other at 20", "stalled at 100"]);
});

it("does not bring about what was called off", async () => {
  const { world, actor, said, later } = begin();
  later(actor, 10, "never")();
  await world.pass(20);
  expect(said).toEqual([]);
});
