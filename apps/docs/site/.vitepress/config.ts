import { type DefaultTheme, defineConfig } from "vitepress";
import { addRepositoryLinks } from "../../src/site/markdown-links.ts";
import { readDecisions } from "../../src/site/read-decisions.ts";
import { type RepositoryPage, repositoryPages } from "../../src/site/repository-pages.ts";

const documents = repositoryPages(readDecisions());
const pages = new Map([
  ["README.md", "index"],
  ...documents.map(({ source, page }) => [source, page] as const),
]);
const sources = new Map(documents.map(({ source, page }) => [`${page}.md`, source]));

const group = (name: RepositoryPage["group"]): DefaultTheme.SidebarItem[] =>
  documents.filter((one) => one.group === name).map(({ page, title }) => ({ text: title, link: `/${page}` }));

export default defineConfig({
  title: "AudioTricks uploads",
  description: "Audio, straight from the browser to DigitalOcean Spaces.",
  lang: "en-GB",
  cleanUrls: false,
  cacheDir: "../.cache/vitepress",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: "/icon.svg" }]],
  markdown: { config: (md) => addRepositoryLinks(md, pages, (path) => sources.get(path)) },
  // Vite's own step for CSS would look through the workspace for a configuration.
  vite: { css: { postcss: {} }, esbuild: { tsconfigRaw: { compilerOptions: { target: "es2022" } } } },
  themeConfig: {
    logo: "/icon.svg",
    outline: [2, 3],
    search: { provider: "local" },
    nav: [
      { text: "Quick start", link: "/quick-start" },
      { text: "Reference", link: "/reference/react" },
      { text: "Errors", link: "/reference/errors" },
      { text: "Operate", link: "/operations" },
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          { text: "Quick start", link: "/quick-start" },
          { text: "Concepts", link: "/concepts" },
          { text: "Troubleshooting", link: "/troubleshooting" },
        ],
      },
      {
        text: "Recipes",
        items: [
          { text: "Your sign-in", link: "/recipes/sign-in" },
          { text: "Keys and metadata", link: "/recipes/keys-and-metadata" },
          { text: "Your own interface", link: "/recipes/own-interface" },
          { text: "Stems as one", link: "/recipes/stems" },
          { text: "From @uppy/aws-s3", link: "/recipes/from-uppy-aws-s3" },
          { text: "From @uppy/companion", link: "/recipes/from-uppy-companion" },
        ],
      },
      {
        text: "Reference",
        items: [
          { text: "React", link: "/reference/react" },
          { text: "Uppy plugin and client", link: "/reference/uppy-spaces" },
          { text: "Companion", link: "/reference/companion" },
          { text: "HTTP routes", link: "/reference/routes" },
          { text: "Errors", link: "/reference/errors" },
        ],
      },
      { text: "Packages", collapsed: true, items: group("Packages") },
      { text: "Test", items: [{ text: "Testing uploads", link: "/testing" }, ...group("Test")] },
      { text: "Operate", items: group("Operate") },
      { text: "Project", collapsed: true, items: group("Project") },
      { text: "Decisions", collapsed: true, items: group("Decisions") },
    ],
  },
});
