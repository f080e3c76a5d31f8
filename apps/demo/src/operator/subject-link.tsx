import { PageLink } from "./page-link.tsx";

/** What an alert is about: a workspace and a user have pages, a bucket and the deployment are on the first. */
export function SubjectLink({ subject }: { subject: string }) {
  const [scope = "", id = ""] = subject.split(":");
  switch (scope) {
    case "workspace":
      return <PageLink to={`/operator/workspaces?workspace=${id}`}>workspace {short(id)}</PageLink>;
    case "user":
      return <PageLink to={`/operator/audit?user=${id}`}>user {short(id)}</PageLink>;
    case "provider":
      return <PageLink to="/operator">bucket {short(id)}</PageLink>;
    default:
      return subject;
  }
}

/** Enough to tell it from others; the whole of it is in the file. */
export function short(id: string): string {
  return id.slice(0, 8);
}
