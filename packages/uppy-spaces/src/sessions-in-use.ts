import { MEMORY_PREFIX } from "./page-memory.ts";

/** Sessions that an engine of this browser is working in, in this tab or another; empty where the browser has no Web Locks or refuses them. */
export async function findSessionsInUse(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await globalThis.navigator?.locks?.query().catch(() => undefined)) ?? {};
  const names = held.flatMap(({ name }) => (name?.startsWith(MEMORY_PREFIX) ? [name] : []));
  // Other locks of ours have more steps in their names.
  return new Set(names.map((name) => name.slice(MEMORY_PREFIX.length)).filter((rest) => !rest.includes("/")));
}
