/** A table as GitHub's Markdown has it; line breaks inside a cell become spaces. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(flat).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Code in a cell, where a bar would end it. */
export function codeCell(code: string): string {
  return code === "" ? "" : `\`${code.replaceAll("|", "\\|")}\``;
}

/** The first lines of a page that nobody writes by hand. */
export function generatedNote(source: string): string {
  return `---\neditLink: false\n---\n\n<!-- Made from ${source} by \`npm run docs\`. -->`;
}

function flat(cell: string): string {
  return cell.replaceAll(/\s*\n\s*/g, " ");
}
