import type { Strike } from "./strike.ts";

const EXPOSED = "access-control-expose-headers";

/** The headers of an answer as the fault has them: ETag stays, and is not named among those that a page may read. */
export function hideEtag(
  { fault, happened }: Strike,
  headers: Record<string, string>,
): Record<string, string> {
  const { [EXPOSED]: exposed = "", ...others } = headers;
  const names = exposed.split(",");
  const kept = names.filter((name) => name.trim().toLowerCase() !== "etag");
  if (fault.fault !== "hidden-etag" || kept.length === names.length) return headers;
  happened();
  return kept.length === 0 ? others : { ...others, [EXPOSED]: kept.join(",") };
}
