/** Pages of the operator, in the order of the menu. */
export const PAGES = [
  { page: "overview", title: "Overview", path: "/operator" },
  { page: "workspaces", title: "Workspaces", path: "/operator/workspaces" },
  { page: "activity", title: "Activity", path: "/operator/activity" },
  { page: "sessions", title: "Sessions", path: "/operator/sessions" },
  { page: "alerts", title: "Alerts", path: "/operator/alerts" },
  { page: "costs", title: "Costs", path: "/operator/costs" },
  { page: "backups", title: "Backups", path: "/operator/backups" },
  { page: "moves", title: "Moves", path: "/operator/moves" },
  { page: "jobs", title: "Jobs", path: "/operator/jobs" },
  { page: "audit", title: "Audit log", path: "/operator/audit" },
] as const;

export type OperatorRoute =
  | { page: (typeof PAGES)[number]["page"] }
  | { page: "upload"; id: string }
  | { page: "not_found" };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Which page an address is for; a slash at its end changes nothing. */
export function routeOf(pathname: string): OperatorRoute {
  const path = pathname.replace(/\/+$/, "");
  const found = PAGES.find((one) => one.path === path);
  if (found !== undefined) return { page: found.page };
  const [, id] = /^\/operator\/uploads\/([^/]+)$/.exec(path) ?? [];
  return id !== undefined && UUID.test(id) ? { page: "upload", id: id.toLowerCase() } : { page: "not_found" };
}

/** The query with some of it changed; what is empty is left out of it. */
export function withQuery(search: string, change: Record<string, string>): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
