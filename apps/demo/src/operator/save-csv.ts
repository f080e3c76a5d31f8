import type { AskAdmin, Query } from "./ask-admin.ts";

/** Longer ones are for whoever has the database. */
const MAX_PAGES = 200;

/** All pages of what the API answers as CSV, the names of columns once. @throws {Error} Where there are more than can be saved. */
export async function readCsv(ask: AskAdmin, path: string, query: Query): Promise<string> {
  let text = "";
  let asked: Query | undefined = { ...query, format: "csv" };
  for (let page = 0; asked !== undefined; page += 1) {
    if (page === MAX_PAGES) throw new Error("That is too much for one file. Ask for less of it.");
    const response: Response = await ask(path, asked);
    const lines = await response.text();
    text += page === 0 ? lines : lines.slice(lines.indexOf("\r\n") + 2);
    asked = nextOf(response.headers.get("link"));
  }
  return text;
}

function nextOf(link: string | null): Query | undefined {
  const [, search] = /^<\?([^>]*)>; rel="next"$/.exec(link ?? "") ?? [];
  return search === undefined ? undefined : Object.fromEntries(new URLSearchParams(search));
}

/** Saves it; the browser asks where, if it asks. @param name Without `.csv`. */
export async function saveCsv(ask: AskAdmin, path: string, query: Query, name: string): Promise<void> {
  const text = await readCsv(ask, path, query);
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name}.csv`;
  link.click();
  // The download has the blob once the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
