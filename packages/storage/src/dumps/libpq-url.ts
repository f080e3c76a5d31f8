/** What a program of PostgreSQL's is told: who lists the machine's processes sees the URL, and not the environment. */
export interface LibpqConnection {
  /** Without a password. */
  url: string;
  env: Record<string, string>;
  /** Takes the password out of a text. */
  redact: (text: string) => string;
}

/** Settings of node-postgres that libpq does not know. */
const NODE_ONLY = ["uselibpqcompat", "ssl", "password", "statement_timeout", "query_timeout", "max"];

/**
 * A URL as node-postgres takes it, for libpq. What it does not say libpq finds where node-postgres does: `PGPASSWORD`, `PGPASSFILE`,
 * `PGSERVICE` and the like.
 */
export function libpqConnection(
  databaseUrl: string,
  environment: Readonly<Record<string, string | undefined>>,
): LibpqConnection {
  const url = new URL(databaseUrl);
  const password = decodeURIComponent(url.password) || url.searchParams.get("password") || undefined;
  if (url.searchParams.get("ssl") === "true") url.searchParams.set("sslmode", "require");
  if (url.searchParams.get("sslmode") === "no-verify") url.searchParams.set("sslmode", "require");
  for (const name of NODE_ONLY) url.searchParams.delete(name);
  url.password = "";
  const env = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && (name.startsWith("PG") || name === "PATH" || name === "HOME")
        ? [[name, value] as const]
        : [],
    ),
  );
  const secrets = [password, env.PGPASSWORD].filter((secret) => secret !== undefined && secret !== "");
  return {
    url: url.href,
    // In English, and as nobody else calls it.
    env: {
      ...env,
      LC_ALL: "C",
      PGAPPNAME: "audiotricks-backup",
      PGCONNECT_TIMEOUT: env.PGCONNECT_TIMEOUT ?? "10",
      ...(password !== undefined && { PGPASSWORD: password }),
    },
    redact: (text) => secrets.reduce<string>((left, secret) => left.replaceAll(secret ?? "", "…"), text),
  };
}
