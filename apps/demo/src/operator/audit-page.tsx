import type { AuditEntry } from "./audit-entry.ts";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { count, instant, text } from "./formats.ts";
import { withQuery } from "./operator-route.ts";
import { PageLink } from "./page-link.tsx";
import { navigate, useLocation } from "./use-location.ts";

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "When (UTC)", cell: (row) => instant(row.at) },
  {
    title: "Who",
    cell: ({ userId, service, actor }) =>
      userId === null ? (
        text(service ?? actor)
      ) : (
        <PageLink to={`/operator/audit?user=${userId}`}>{userId}</PageLink>
      ),
  },
  { title: "What", cell: (row) => row.action },
  { title: "Of what", cell: (row) => <Resource entry={row} /> },
  { title: "Outcome", cell: (row) => row.outcome },
  { title: "Times", isNumber: true, cell: (row) => count(row.times) },
  { title: "Address", cell: (row) => text(row.address) },
];

/** What is of an upload or a file has its story. */
function Resource({ entry: { resource, resourceId } }: { entry: AuditEntry }) {
  if (resourceId === null) return resource;
  const path =
    resource === "upload" || resource === "file" ? "/operator/uploads/" : "/operator/audit?resource=";
  return (
    <>
      {resource} <PageLink to={path + resourceId}>{resourceId}</PageLink>
    </>
  );
}

const FILTERS = [
  ["user", "User’s id", "userId"],
  ["resource", "Id of what", "resourceId"],
] as const;

export function AuditPage() {
  const { pathname, search } = useLocation();
  const asked = new URLSearchParams(search);
  const query: Record<string, string> = {};
  for (const [name, , member] of FILTERS) {
    const value = asked.get(name);
    if (value !== null) query[member] = value;
  }
  const filter = (data: FormData) => {
    const change: Record<string, string> = {};
    for (const [name] of FILTERS) {
      const value = data.get(name);
      change[name] = typeof value === "string" ? value.trim() : "";
    }
    navigate(pathname + withQuery(search, change));
  };
  return (
    <>
      <form key={search} action={filter} className="range">
        {FILTERS.map(([name, label]) => (
          <label key={name} className="filter">
            {label}
            <input name={name} defaultValue={asked.get(name) ?? ""} />
          </label>
        ))}
        <button type="submit" className="button">
          Search
        </button>
      </form>
      <Figure<{ entries: AuditEntry[]; nextCursor: string | null }, AuditEntry>
        question="Who did what?"
        path="audit"
        query={query}
        csv={{ query: { ...query, limit: "200" } }}
        rows={({ entries }) => entries}
        columns={COLUMNS}
        empty="Nothing of the kind is written down."
      />
    </>
  );
}
