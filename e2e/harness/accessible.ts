import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** What colours decide; all else is the same in the dark. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** Nothing that axe knows of is wrong with the page as it is, in light and dark. */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await untilItStandsStill(page);
    const axe = new AxeBuilder({ page });
    if (colorScheme === "dark") axe.withRules(OF_COLOURS);
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map(({ html }) => html),
    }));
    expect(found, `${state}, in ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** The same where the system decides all colours, and there are few: what is said by colour alone is gone there. */
export async function expectAccessibleInForcedColours(page: Page, state: string): Promise<void> {
  await page.emulateMedia({ forcedColors: "active" });
  await untilItStandsStill(page);
  const { violations } = await new AxeBuilder({ page }).include(".at-uploader").analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) })),
    `${state}, in forced colours`,
  ).toEqual([]);
  await page.emulateMedia({ forcedColors: "none" });
}

/** Colours fade into one another, and are neither while they do. */
async function untilItStandsStill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const fading = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(fading.map(({ finished }) => finished));
  });
}
