import type { Page } from "@playwright/test";

/** A way in which people see the same states. */
export interface Look {
  name: string;
  width: number;
  language: string;
  colours: "light" | "dark" | "forced";
}

const DESKTOP = { width: 680, language: "en", colours: "light" } as const;

/** Those of one language next to each other: another is another page. */
export const LOOKS: readonly Look[] = [
  { ...DESKTOP, name: "light" },
  { ...DESKTOP, name: "dark", colours: "dark" },
  { ...DESKTOP, name: "forced", colours: "forced" },
  { ...DESKTOP, name: "narrow", width: 320 },
  { ...DESKTOP, name: "rtl", language: "ar" },
];

/** @param look Its language is the page's already. */
export async function putOn(page: Page, { width, colours }: Look): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({
    colorScheme: colours === "dark" ? "dark" : "light",
    forcedColors: colours === "forced" ? "active" : "none",
  });
}
