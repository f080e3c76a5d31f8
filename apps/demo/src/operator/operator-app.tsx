import "./operator.css";
import { useEffect, useMemo, useRef } from "react";
import { Brand } from "../brand.tsx";
import type { DemoSession } from "../demo-session.ts";
import { ActivityPage } from "./activity-page.tsx";
import { AlertsPage } from "./alerts-page.tsx";
import { AdminContext, createAdmin } from "./ask-admin.ts";
import { AuditPage } from "./audit-page.tsx";
import { BackupsPage } from "./backups-page.tsx";
import { CostsPage } from "./costs-page.tsx";
import { JobsPage } from "./jobs-page.tsx";
import { MovesPage } from "./moves-page.tsx";
import { type OperatorRoute, PAGES, routeOf } from "./operator-route.ts";
import { OverviewPage } from "./overview-page.tsx";
import { PageLink } from "./page-link.tsx";
import { RangePicker } from "./range-picker.tsx";
import { SessionsPage } from "./sessions-page.tsx";
import { UploadStoryPage } from "./upload-story-page.tsx";
import { useLocation } from "./use-location.ts";
import { WorkspacesPage } from "./workspaces-page.tsx";

interface OperatorAppProps {
  session: DemoSession;
  onSignOut: () => void;
}

const WITH_RANGE = ["overview", "workspaces", "activity"];

/** The operator's pages, under `/operator`. The server decides what is told to whom. */
export default function OperatorApp({ session, onSignOut }: OperatorAppProps) {
  const { pathname, search } = useLocation();
  const route = routeOf(pathname);
  const title = titleOf(route);
  const admin = useMemo(() => createAdmin(session.getToken), [session]);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(pathname);
  useEffect(() => {
    document.title = `${title} · AudioTricks`;
    // Whoever followed a link reads on from the new page's beginning.
    if (shown.current !== pathname) heading.current?.focus();
    shown.current = pathname;
  }, [title, pathname]);
  const days = new URLSearchParams(
    [...new URLSearchParams(search)].filter(([name]) => /^(from|to)$/.test(name)),
  );
  const kept = days.size === 0 ? "" : `?${days}`;
  return (
    <AdminContext value={admin}>
      <header className="bar bar-operator" lang="en">
        <div className="bar-inner">
          <Brand />
          <p className="who">
            <a href="/">Files</a>
            <button type="button" className="text-button" onClick={onSignOut}>
              Sign out
            </button>
          </p>
        </div>
        <nav className="operator-menu" aria-label="Operator pages">
          {PAGES.map(({ page, title, path }) => (
            <PageLink key={page} to={path + kept} isCurrent={route.page === page}>
              {title}
            </PageLink>
          ))}
        </nav>
      </header>
      <main className="page operator" lang="en">
        <div className="page-head">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {WITH_RANGE.includes(route.page) ? <RangePicker /> : null}
        </div>
        <Page route={route} />
      </main>
    </AdminContext>
  );
}

function Page({ route }: { route: OperatorRoute }) {
  switch (route.page) {
    case "overview":
      return <OverviewPage />;
    case "workspaces":
      return <WorkspacesPage />;
    case "activity":
      return <ActivityPage />;
    case "sessions":
      return <SessionsPage />;
    case "upload":
      return <UploadStoryPage id={route.id} />;
    case "alerts":
      return <AlertsPage />;
    case "backups":
      return <BackupsPage />;
    case "moves":
      return <MovesPage />;
    case "costs":
      return <CostsPage />;
    case "jobs":
      return <JobsPage />;
    case "audit":
      return <AuditPage />;
    case "not_found":
      return <p>There is no such page. The menu above has all of them.</p>;
    default:
      return route satisfies never;
  }
}

function titleOf(route: OperatorRoute): string {
  if (route.page === "upload") return "One upload";
  return PAGES.find(({ page }) => page === route.page)?.title ?? "Not found";
}
