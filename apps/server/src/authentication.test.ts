import type { Database } from "@audiotricks/storage";
import { freePort } from "@audiotricks/testing/free-port";
import { SignJWT } from "jose";
import { Kysely, PostgresDialect } from "kysely";
import { Pool } from "pg";
import { expect, it } from "vitest";
import { openAuthentication } from "./authentication.ts";

const SECRET = "s".repeat(40);

it("says that the database is away, not that something is wrong with us or the token", async () => {
  const pool = new Pool({ host: "127.0.0.1", port: await freePort() });
  await using db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const { authenticate } = await openAuthentication(
    {
      auth: {
        kind: "jwt",
        issuer: "issuer",
        audience: "us",
        algorithms: ["HS256"],
        source: { secret: SECRET },
        createsUsers: false,
      },
      operators: [],
      dataDir: "/nowhere",
    },
    db,
  );
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(crypto.randomUUID())
    .setIssuer("issuer")
    .setAudience("us")
    .setExpirationTime("1m")
    .sign(new TextEncoder().encode(SECRET));
  const request = new Request("http://server/v1/files", { headers: { authorization: `Bearer ${token}` } });
  await expect(authenticate(request)).rejects.toMatchObject({ code: "database_unavailable" });
});
