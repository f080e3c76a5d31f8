import type { Page } from "@playwright/test";

/** Roles without a name of their own that still are something to hold on to. */
const NAMELESS = ["alert", "status", "group", "paragraph"];
const NAMED = [
  ...NAMELESS,
  "button",
  "combobox",
  "dialog",
  "heading",
  "list",
  "listitem",
  "meter",
  "progressbar",
  "radio",
  "region",
  "slider",
  "spinbutton",
  "textbox",
];

/** What has states of its own and is no row of a list. */
const PIECES = [".at-quota-note", ".at-meter", ".at-row-warning", ".at-recorder", ".at-stems"];

/** Everything with a role and a name that was on a page while somebody looked, and every state that any row ever had. */
export class SeenOnPage {
  /** The name may be empty. */
  readonly things: { role: string; name: string }[] = [];
  /** `list or class › attribute › value`. */
  readonly states = new Set<string>();

  /** Before the page is opened: states come and go within milliseconds. */
  async watch(page: Page): Promise<void> {
    await page.exposeFunction("sawState", (state: string) => void this.states.add(state));
    await page.addInitScript((pieces) => {
      const told = new Set<string>();
      const tell = (window as unknown as { sawState: (state: string) => void }).sawState;
      const look = (element: Element) => {
        const list = element.closest("ul, ol");
        const labels = list?.getAttribute("aria-labelledby");
        const own = pieces.find((name) => element.matches(name));
        const place =
          own ?? list?.ariaLabel ?? (labels ? document.getElementById(labels)?.textContent : undefined);
        for (const attribute of ["data-status", "data-reason", "data-code", "data-state"]) {
          const value = element.getAttribute(attribute);
          const state = `${place} › ${attribute} › ${value}`;
          if (value === null || !place || told.has(state)) continue;
          told.add(state);
          tell(state);
        }
      };
      new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
          for (const node of [target, ...addedNodes]) {
            if (!(node instanceof Element)) continue;
            for (const element of [node, ...node.querySelectorAll(["li", ...pieces].join(", "))])
              look(element);
          }
        }
      }).observe(document, { attributes: true, childList: true, subtree: true });
    }, PIECES);
  }

  async look(page: Page): Promise<void> {
    for (const line of (await page.locator("body").ariaSnapshot()).split("\n")) {
      const [, role = "", name = ""] = /^\s*- '?(\w+)(?: "((?:[^"\\]|\\.)*)")?/.exec(line) ?? [];
      if (name === "" ? NAMELESS.includes(role) : NAMED.includes(role))
        this.things.push({ role, name: name.replaceAll(/\\(.)/g, "$1") });
    }
  }
}
