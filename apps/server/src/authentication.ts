import { type Authenticate, bearerJwt, type Principal } from "@audiotricks/companion";
import type { Database } from "@audiotricks/storage";
import type { Hono } from "hono";
import type { Kysely } from "kysely";
import type { ServerConfig } from "./config.ts";
import { createDemo, seedDemo } from "./demo.ts";
import { localSecret } from "./local-secret.ts";

export interface Authentication {
  authenticate: Authenticate;
  /** Routes under `/demo`, where the demo signs people in. */
  demoRoutes: Hono | undefined;
}

/** Tokens of the host's own issuer, whose subject is the id of a row in `users`; or the demo's. */
export async function openAuthentication(
  { auth, dataDir }: Pick<ServerConfig, "auth" | "dataDir">,
  db: Kysely<Database>,
): Promise<Authentication> {
  if (auth.kind === "demo") {
    await seedDemo(db);
    const { authenticate, routes } = createDemo(localSecret(dataDir, "demo-token-key"));
    return { authenticate, demoRoutes: routes };
  }
  const { issuer, audience, algorithms, source } = auth;
  const authenticate = bearerJwt({
    issuer,
    audience,
    algorithms,
    ...source,
    findUser: (subject) => findUser(db, subject),
  });
  return { authenticate, demoRoutes: undefined };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function findUser(db: Kysely<Database>, subject: string): Promise<Principal | null> {
  if (!UUID.test(subject)) return null;
  const user = await db.selectFrom("users").select("id").where("id", "=", subject).executeTakeFirst();
  return user === undefined ? null : { userId: user.id };
}
