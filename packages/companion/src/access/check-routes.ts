import { ACCESS, type Action, isForAnyone } from "@audiotricks/storage";
import type { CompanionApp } from "../companion-env.ts";
import { actionOfGuard } from "./guard.ts";

/**
 * Compares what is served with the access table, when a companion is made.
 *
 * @throws {TypeError} If a route has no row, a row has no route, or a route lacks the guard of its row.
 */
export function checkRoutes(app: CompanionApp, basePath: string): void {
  const rows = new Map(
    Object.entries(ACCESS).map(([action, { route }]) => [route as string, action as Action]),
  );
  const guarded = new Map<string, Action[]>();
  for (const { method, path, handler } of app.routes) {
    if (method === "ALL") continue;
    const route = `${method} ${asInTable(path, basePath)}`;
    const action = actionOfGuard(handler);
    guarded.set(route, [...(guarded.get(route) ?? []), ...(action === undefined ? [] : [action])]);
  }
  for (const [route, found] of guarded) {
    const action = rows.get(route);
    if (action === undefined) throw new TypeError(`${route} is not in the access table`);
    const isOpen = isForAnyone(ACCESS[action]);
    if (isOpen ? found.length > 0 : found.length === 0 || found.some((one) => one !== action))
      throw new TypeError(`${route} is not guarded as ${action}`);
  }
  for (const route of rows.keys())
    if (!guarded.has(route)) throw new TypeError(`The access table has ${route}, which is not served`);
}

/** With parameters in braces, and once for the routes that are also found behind a token. */
function asInTable(path: string, basePath: string): string {
  const own = basePath === "/" ? path : path.slice(basePath.replace(/\/+$/, "").length);
  return own.replace(/^\/s3-token\/:token/, "").replace(/:(\w+)/g, "{$1}");
}
