import { posix } from "node:path";

/** A link of a document in the repository, as the site has it. */
export type SiteLink =
  /** Elsewhere, or within the page: as it is. */
  | { kind: "same" }
  | { kind: "page"; href: string }
  /** A file that is no page of the site. */
  | { kind: "file"; path: string };

/**
 * @param href As the document has it.
 * @param source Where the document is in the repository.
 * @param pages Page of the site for each document of the repository that has one.
 */
export function siteLink(href: string, source: string, pages: ReadonlyMap<string, string>): SiteLink {
  if (/^([a-z][a-z+.-]*:|#|\/)/i.test(href)) return { kind: "same" };
  const [target = "", anchor] = href.split("#");
  const path = posix.normalize(posix.join(posix.dirname(source), target)).replace(/\/$/, "");
  const page = pages.get(path) ?? pages.get(`${path}/README.md`);
  if (page === undefined) return { kind: "file", path };
  return { kind: "page", href: anchor === undefined ? `/${page}` : `/${page}#${anchor}` };
}
