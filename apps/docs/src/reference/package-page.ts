import { codeCell, generatedNote, toTable } from "../markdown.ts";
import type { ExportedName, Member } from "./read-package.ts";

const PARTS = [
  ["component", "Components"],
  ["hook", "Hooks"],
  ["value", "Classes and values"],
  ["function", "Functions"],
  ["type", "Types"],
] as const;

/** A page of all that a package exports. */
export function packagePage(title: string, intro: string, names: readonly ExportedName[]): string {
  const parts = PARTS.flatMap(([kind, heading]) => {
    const ofKind = names.filter((one) => one.kind === kind);
    return ofKind.length === 0 ? [] : [`## ${heading}`, ...ofKind.map(describe)];
  });
  return `${[generatedNote("the TypeScript sources"), `# ${title}`, intro, ...parts].join("\n\n")}\n`;
}

function describe({ name, kind, text, signature, members }: ExportedName): string {
  const heading = kind === "component" ? `### \`<${name}>\`` : `### \`${name}\``;
  // Members say it better than the source does; a union has none.
  const code = members.length > 0 || signature === "" ? "" : `\`\`\`typescript\n${signature}\n\`\`\``;
  return [heading, text, code, members.length === 0 ? "" : membersTable(kind, members)]
    .filter((part) => part !== "")
    .join("\n\n");
}

function membersTable(kind: ExportedName["kind"], members: readonly Member[]): string {
  const sorted = members.toSorted((a, b) => Number(a.isOptional) - Number(b.isOptional));
  return toTable(
    [kind === "component" ? "prop" : "member", "type", "what"],
    sorted.map(({ name, type, isOptional, text }) => [
      `\`${name}\`${isOptional ? "" : " (required)"}`,
      codeCell(type),
      text,
    ]),
  );
}
