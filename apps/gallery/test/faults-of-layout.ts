import type { Page } from "@playwright/test";

/**
 * What is wrong with where things are, whatever the fonts and the version of the browser: what sticks out of the page or of its
 * box, what is cut off without a sign, and controls that lie on one another.
 */
export async function faultsOfLayout(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const faults: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      faults.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
    }
    const nameOf = (element: Element) =>
      `${element.localName}.${element.className} “${(element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 60)}”`;
    const isUnseen = (element: Element) =>
      element.closest(".unseen, .at-hidden, .uppy-c-btn[tabindex='-1'], [hidden], [aria-hidden='true']") !==
      null;
    const frame = document.querySelector("main.frame");
    if (frame === null) return ["there is no frame"];
    const all = [...frame.querySelectorAll<HTMLElement>("*")].filter(
      (element) =>
        !isUnseen(element) && element.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
    );

    for (const element of all) {
      // A bar without text is drawn by its parent, which hides what of it is not to be seen.
      if (element.textContent === "" && !element.matches("button, input, canvas, progress")) continue;
      const { left, right, width } = element.getBoundingClientRect();
      if (width > 0 && (left < -0.5 || right > root.clientWidth + 0.5)) {
        faults.push(`${nameOf(element)} reaches from ${left} to ${right}`);
      }
      const { overflowX, textOverflow } = getComputedStyle(element);
      const isCut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
      if (isCut && (overflowX === "hidden" || overflowX === "clip") && textOverflow !== "ellipsis") {
        const hasSign = [...element.querySelectorAll("*")].some(
          (inner) => getComputedStyle(inner).textOverflow === "ellipsis",
        );
        if (!hasSign && element.textContent !== "") faults.push(`${nameOf(element)} is cut off`);
      }
      // What is meant to be cut or to scroll says so; all other text has room in its box.
      if (isCut && overflowX === "visible" && getComputedStyle(element).display !== "inline") {
        faults.push(
          `${nameOf(element)} is wider than its box, by ${element.scrollWidth - element.clientWidth} px`,
        );
      }
    }

    const controls = all.filter((element) => element.matches("button, a[href], input, select, summary"));
    for (const [index, one] of controls.entries()) {
      const a = one.getBoundingClientRect();
      for (const other of controls.slice(index + 1)) {
        if (one.contains(other) || other.contains(one)) continue;
        const b = other.getBoundingClientRect();
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 0.5 && down > 0.5) faults.push(`${nameOf(one)} lies on ${nameOf(other)}`);
      }
    }
    return [...new Set(faults)];
  });
}
