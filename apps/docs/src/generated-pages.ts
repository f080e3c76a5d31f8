import { join } from "node:path";
import { errorsPage } from "./reference/errors-page.ts";
import { readOpenApi } from "./reference/openapi.ts";
import { packagePage } from "./reference/package-page.ts";
import { readPackage } from "./reference/read-package.ts";
import { routesPage } from "./reference/routes-page.ts";
import { root } from "./root.ts";
import { readDecisions } from "./site/read-decisions.ts";
import { includingPage, repositoryPages } from "./site/repository-pages.ts";

const PACKAGES = [
  {
    page: "react",
    folder: "packages/react/src",
    title: "React components and hooks",
    intro:
      "Everything that `@audiotricks/upload-react` exports. Sizes are bytes, durations milliseconds unless a name says otherwise (`…Seconds`).",
  },
  {
    page: "uppy-spaces",
    folder: "packages/uppy-spaces/src",
    title: "The Uppy plugin and the typed client",
    intro: "Everything that `@audiotricks/uppy-spaces` exports.",
  },
  {
    page: "companion",
    folder: "packages/companion/src",
    title: "The companion in your server",
    intro: "Everything that `@audiotricks/companion` exports.",
  },
];

/** Pages that code writes: path under `site/`, and text. */
export async function generatedPages(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const { page, folder, title, intro } of PACKAGES) {
    const path = join(root, folder);
    pages.set(`reference/${page}.md`, packagePage(title, intro, readPackage(join(path, "index.ts"), path)));
  }
  pages.set("reference/routes.md", routesPage(await readOpenApi()));
  pages.set("reference/errors.md", errorsPage());
  for (const page of repositoryPages(readDecisions())) pages.set(`${page.page}.md`, includingPage(page));
  return pages;
}
