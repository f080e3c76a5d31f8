import { type Authenticate, bearerJwt } from "@audiotricks/companion";
import { localSecret } from "@audiotricks/embedded";
import { createUserDirectory, type Database } from "@audiotricks/storage";
import type { Hono } from "hono";
import type { Kysely } from "kysely";
import type { ServerConfig } from "./config.ts";
import { createDemo, DEMO_OPERATOR, seedDemo } from "./demo.ts";

export interface Authentication {
  authenticate: Authenticate;
  /** Routes under `/demo`, where the demo signs people in. */
  demoRoutes: Hono | undefined;
}

/** Tokens of the host's own issuer, whose subject is the id of a row in `users` or stands in `user_identities`; or the demo's. */
export async function openAuthentication(
  { auth, dataDir, operators }: Pick<ServerConfig, "auth" | "dataDir" | "operators">,
  db: Kysely<Database>,
): Promise<Authentication> {
  if (auth.kind === "demo") {
    await seedDemo(db);
    const all = [DEMO_OPERATOR, ...operators.map((id) => id.toLowerCase())];
    const { authenticate, routes } = createDemo(localSecret(dataDir, "demo-token-key"), all);
    return { authenticate: withOperators(authenticate, all), demoRoutes: routes };
  }
  const { issuer, audience, algorithms, source, createsUsers } = auth;
  const findUser = createUserDirectory({ db, createsUsers });
  const authenticate = bearerJwt({
    issuer,
    audience,
    algorithms,
    ...source,
    findUser: (subject) => findUser({ issuer, subject }),
  });
  return { authenticate: withOperators(authenticate, operators), demoRoutes: undefined };
}

/** Who is one is a setting of this server: no token of the issuer's can say so. */
function withOperators(authenticate: Authenticate, operators: readonly string[]): Authenticate {
  const ids = new Set(operators.map((id) => id.toLowerCase()));
  return async (request) => {
    const principal = await authenticate(request);
    return principal !== null && ids.has(principal.userId.toLowerCase())
      ? { ...principal, isOperator: true }
      : principal;
  };
}
