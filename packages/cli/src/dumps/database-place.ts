import { type DumpSource, type PostgresPlace, pgDumpSource, pgliteSource } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Site } from "../command.ts";

/** What a dump of this database is made of. @param snapshot As `pgDumpSource` takes it. */
export function dumpSourceOf(site: Site, options: { snapshot?: string; asOf?: Date } = {}): DumpSource {
  const { embedded } = site;
  if (embedded !== undefined) return pgliteSource(() => embedded.dumpDataDir("gzip"));
  return pgDumpSource(postgresPlaceOf(site, site.settings.databaseUrl ?? ""), options);
}

/** For PostgreSQL's own programs. */
export function postgresPlaceOf(
  { settings, terminal }: Pick<Site, "settings" | "terminal">,
  databaseUrl: string,
): PostgresPlace {
  return { databaseUrl, env: terminal.env, binDirectory: settings.postgresBin };
}

/**
 * A database that an argument names, with the password that stands elsewhere: `PGPASSWORD`, or in `DATABASE_URL`, if that is of the
 * same user at the same server. Else PostgreSQL's own ways to find one are left, such as `PGPASSFILE`.
 *
 * @throws {CliError} `usage`, repeating nothing of it.
 */
export function readDatabaseUrl(
  text: string,
  { settings, terminal }: Pick<Site, "settings" | "terminal">,
): string {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2)
    throw new CliError("usage", "--into must be a URL such as postgres://user@host:5432/name.");
  if (url.password !== "" || url.searchParams.has("password"))
    throw new CliError(
      "usage",
      "Passwords are not taken from arguments, which other users of the machine can read: leave it out of --into, and set PGPASSWORD or PGPASSFILE.",
    );
  const own = URL.parse(settings.databaseUrl ?? "");
  const isSame = own?.host === url.host && own.username === url.username;
  url.password = terminal.env.PGPASSWORD
    ? encodeURIComponent(terminal.env.PGPASSWORD)
    : isSame
      ? own.password
      : "";
  return url.href;
}

/** The same server's database of another name. */
export function siblingUrl(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}
