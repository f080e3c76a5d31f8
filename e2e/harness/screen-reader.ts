import type { Page } from "@playwright/test";

/** What a screen reader is told by Chromium of a part of the page, and what it hears meanwhile. */
export class ScreenReader {
  readonly #page: Page;
  readonly #lines: string[] = [];

  constructor(page: Page) {
    this.#page = page;
  }

  /** Before the page is opened: what live regions come to say is heard from then on, each text once until it changes. */
  async listen(): Promise<void> {
    await this.#page.exposeFunction("hear", (text: string) => void this.#lines.push(`hears: ${text}`));
    await this.#page.addInitScript(() => {
      const { hear } = window as unknown as { hear: (text: string) => void };
      const last = new WeakMap<Element, string>();
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const region = element?.closest("[aria-live], [role=status], [role=alert]");
          const text = region?.textContent ?? "";
          if (!region || text === "" || last.get(region) === text) continue;
          last.set(region, text);
          hear(text);
        }
      }).observe(document, { childList: true, characterData: true, subtree: true });
    });
  }

  /** Reads what has the role and the name, from its beginning to its end. */
  async read(title: string, { role, name }: { role: string; name: string }): Promise<void> {
    const session = await this.#page.context().newCDPSession(this.#page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    await session.detach();
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    type Node = (typeof nodes)[number];
    const lines: string[] = [];
    const walk = (node: Node, depth: number) => {
      const ownRole = String(node.role?.value);
      const ownName = String(node.name?.value ?? "").trim();
      const isSaid = !node.ignored && !SILENT.has(ownRole) && (ownName !== "" || !NAMED_ONLY.has(ownRole));
      if (isSaid) lines.push(`${"  ".repeat(depth)}${ownRole} ${ownName}${saidOf(node)}`.trimEnd());
      // Its text is its name.
      if (isSaid && NAMED_BY_TEXT.has(ownRole)) return;
      for (const id of node.childIds ?? []) {
        const child = byId.get(id);
        if (child !== undefined) walk(child, isSaid ? depth + 1 : depth);
      }
    };
    const start = nodes.find((node) => node.role?.value === role && node.name?.value === name);
    if (start === undefined) throw new Error(`no ${role} is called ${name}`);
    walk(start, 1);
    this.#lines.push(`${title}:`, ...lines);
  }

  /** All of it so far, with every number as `N`; what is said over and over with other numbers, once. */
  transcript(): string {
    const lines = this.#lines.map((line) => line.replaceAll(/\d+(?:[.,]\d+)*/g, "N"));
    return `${lines.filter((line, at) => !line.startsWith("hears: ") || line !== lines[at - 1]).join("\n")}\n`;
  }
}

/** What is passed over: boxes, and text that was said with what it is in. */
const SILENT = new Set(["generic", "none", "InlineTextBox", "LineBreak", "ListMarker", "Canvas"]);
const NAMED_ONLY = new Set(["paragraph", "StaticText", "image", "strong", "LabelText", "group"]);
const NAMED_BY_TEXT = new Set(["button", "StaticText", "heading"]);

function saidOf(node: { properties?: { name: string; value: { value?: unknown } }[] }): string {
  const said = ["valuetext", "pressed", "disabled", "focused"].flatMap((name) => {
    const value = node.properties?.find((property) => property.name === name)?.value.value;
    return value === undefined || value === false || value === ""
      ? []
      : [`${name}: ${JSON.stringify(value)}`];
  });
  return said.length === 0 ? "" : ` (${said.join(", ")})`;
}
