/** Documents of the repository that are pages of the site too: where they are, and where they are shown. */
export interface RepositoryPage {
  /** In the repository. */
  source: string;
  /** In the site, without `.md`. */
  page: string;
  /** In the sidebar. */
  title: string;
  group: "Operate" | "Packages" | "Test" | "Decisions" | "Project";
}

const DOCUMENTS: RepositoryPage[] = [
  { source: "apps/server/README.md", page: "server", title: "Server and settings", group: "Operate" },
  { source: "docs/operations.md", page: "operations", title: "Operations", group: "Operate" },
  { source: "docs/costs.md", page: "costs", title: "Costs and alerts", group: "Operate" },
  { source: "docs/exports.md", page: "exports", title: "Exports", group: "Operate" },
  { source: "docs/access.md", page: "access", title: "Rights", group: "Operate" },
  { source: "SECURITY.md", page: "security", title: "Security", group: "Operate" },
  { source: "packages/cli/README.md", page: "packages/cli", title: "Command line", group: "Operate" },
  { source: "migrations/README.md", page: "packages/migrations", title: "Tables and SQL", group: "Operate" },
  { source: "packages/react/README.md", page: "packages/react", title: "upload-react", group: "Packages" },
  {
    source: "packages/uppy-spaces/README.md",
    page: "packages/uppy-spaces",
    title: "uppy-spaces",
    group: "Packages",
  },
  {
    source: "packages/audio-preflight/README.md",
    page: "packages/audio-preflight",
    title: "audio-preflight",
    group: "Packages",
  },
  {
    source: "packages/audio-waveform/README.md",
    page: "packages/audio-waveform",
    title: "audio-waveform",
    group: "Packages",
  },
  {
    source: "packages/companion/README.md",
    page: "packages/companion",
    title: "companion",
    group: "Packages",
  },
  { source: "packages/testing/README.md", page: "packages/testing", title: "Fixtures", group: "Test" },
  { source: "docs/test-contract.md", page: "test-contract", title: "Roles and names", group: "Test" },
  { source: "examples/qa/README.md", page: "qa-flows", title: "Sample suite", group: "Test" },
  { source: "docs/qa-runs.md", page: "qa-runs", title: "Runs of it", group: "Test" },
  {
    source: "packages/spaces-emulator/README.md",
    page: "packages/spaces-emulator",
    title: "Local store and faults",
    group: "Test",
  },
  { source: "bench/README.md", page: "bench", title: "Measurements", group: "Project" },
  {
    source: "docs/specification.md",
    page: "specification",
    title: "The specification, line by line",
    group: "Project",
  },
  { source: "docs/versions.md", page: "versions", title: "What a version promises", group: "Project" },
  { source: "CHANGELOG.md", page: "changelog", title: "Changes", group: "Project" },
  { source: "CONTRIBUTING.md", page: "contributing", title: "Contributing", group: "Project" },
];

/** All of them; each file of `decisions/` is one. */
export function repositoryPages(decisions: readonly { file: string; title: string }[]): RepositoryPage[] {
  return [
    ...DOCUMENTS,
    ...decisions.map(({ file, title }) => ({
      source: `decisions/${file}`,
      page: `decisions/${file.replace(/\.md$/, "")}`,
      title,
      group: "Decisions" as const,
    })),
  ];
}

/** The page of a document: nothing of it is copied, VitePress reads it where it is. */
export function includingPage({ source, page }: RepositoryPage): string {
  const up = "../".repeat(page.split("/").length + 2);
  return `---\nsource: ${source}\n---\n\n<!--@include: ${up}${source}-->\n`;
}
