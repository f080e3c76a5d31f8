import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { Look } from "./looks.ts";

/** What colours decide; all else was looked at in the light. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** All that axe knows of, and what it has to be asked for: room for a finger. */
export async function faultsOfAccess(
  page: Page,
  { name, colours }: Look,
): Promise<{ id: string; where: string[] }[]> {
  // Without frames in the page there is nothing to put together in a page of its own.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  // All of the page once; then the state in it.
  if (name !== "light") axe.include("main.frame");
  if (colours === "light") axe.options({ rules: { "target-size": { enabled: true } } });
  else axe.withRules(OF_COLOURS);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }));
}
