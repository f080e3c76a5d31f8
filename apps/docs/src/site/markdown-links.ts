import type { MarkdownOptions } from "vitepress";
import { siteLink } from "./repository-links.ts";

type MarkdownIt = Parameters<NonNullable<MarkdownOptions["config"]>>[0];

/** In pages that include a document of the repository, makes its links those of the site. What is no page stays text that names the file. */
export function addRepositoryLinks(
  md: MarkdownIt,
  pages: ReadonlyMap<string, string>,
  documentAt: (relativePath: string) => string | undefined,
): void {
  md.core.ruler.push("repository-links", (state) => {
    const page = String(state.env.relativePath ?? "");
    const source = documentAt(page);
    const depth = page.split("/").length - 1;
    if (source === undefined) return;
    for (const token of state.tokens) {
      let isFile = false;
      for (const child of token.children ?? []) {
        if (child.type === "link_open") {
          const link = siteLink(String(child.attrGet("href") ?? ""), source, pages);
          isFile = link.kind === "file";
          if (link.kind === "page") child.attrSet("href", link.href);
          if (link.kind !== "file") continue;
          child.type = "file_open";
          child.tag = "span";
          child.attrs = [
            ["class", "repository-file"],
            ["title", link.path],
          ];
        } else if (child.type === "image") {
          const link = siteLink(String(child.attrGet("src") ?? ""), source, pages);
          if (link.kind === "file") child.attrSet("src", `${"../".repeat(depth + 3)}${link.path}`);
        } else if (child.type === "link_close" && isFile) {
          child.type = "file_close";
          child.tag = "span";
          isFile = false;
        }
      }
    }
  });
}
