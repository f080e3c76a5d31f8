import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { faultsOfAccess } from "./accessible.ts";
import { faultsOfLayout } from "./faults-of-layout.ts";
import { listStates, openState, settle, test } from "./gallery.ts";
import { LOOKS, putOn } from "./looks.ts";

/** Of each group the state that has most of what the others have: with a picture of every state they would be ten megabytes. */
const PICTURED = [
  "way-in--empty",
  "files--uploading",
  "failures--with-numbers",
  "sound--warnings",
  "sound--stems",
  "waveform--while-uploading",
  "waveform--further-on",
  "recorder--recorded",
  "recorder--refused",
  "sound--stems-as-one",
  "quota--meter",
  "quota--not-all-fit",
  "later--unfinished",
  "library--full",
  "library--asking-before-it-is-deleted",
  "sharing--public",
  "details--flights",
];

const states = listStates();

for (const state of states) {
  test(`${state.title}: ${state.name}`, async ({ page, galleryUrl }) => {
    const mistakes: string[] = [];
    page.on("pageerror", (error) => mistakes.push(error.message));
    let language = "";
    for (const look of LOOKS) {
      await putOn(page, look);
      if (look.language !== language) await openState(page, galleryUrl, state, look.language);
      else await settle(page, 50);
      language = look.language;
      const at = `${state.id}, ${look.name}`;

      expect.soft(await faultsOfLayout(page), at).toEqual([]);
      expect.soft(await faultsOfAccess(page, look), at).toEqual([]);
      if (look.name === "light") {
        await expect.soft(page.locator("main.frame")).toMatchAriaSnapshot({ name: `${state.id}.aria.yml` });
      }
      if (PICTURED.includes(state.id)) {
        const dialog = page.getByRole("dialog");
        const seen = (await dialog.count()) > 0 ? dialog : page.locator("main.frame");
        await expect.soft(seen).toHaveScreenshot(`${state.id}-${look.name}.png`);
      }
    }
    expect(mistakes).toEqual([]);
  });
}

test("nothing is kept of a state that there is not", () => {
  const kept = readdirSync(join(import.meta.dirname, "kept"));
  const expected = [
    ...states.map(({ id }) => `${id}.aria.yml`),
    ...PICTURED.flatMap((id) => LOOKS.map(({ name }) => `${id}-${name}.png`)),
  ];
  expect(kept.toSorted()).toEqual(expected.toSorted());
});
