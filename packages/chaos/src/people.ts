import { createCompanionClient } from "@audiotricks/uppy-spaces/companion-client";
import { SignJWT } from "jose";
import type { Pool } from "pg";
import type { Ledger } from "./ledger.ts";
import type { Person } from "./person.ts";
import { Random } from "./random.ts";

export const JWT = { issuer: "https://chaos.example", audience: "uploads" };

/** Room so scarce that uploads are refused for it, or none. */
const LIMITS: readonly { bytes?: number; files?: number }[] = [
  {},
  { bytes: 3_000_000 },
  { files: 12 },
  {},
  {},
  {},
];

export async function bringPeople(options: {
  count: number;
  pool: Pool;
  companionUrl: string;
  secret: string;
  seed: number;
  ledger: Ledger;
  signal: AbortSignal;
}): Promise<{ people: Person[]; tokens: string[] }> {
  const { count, pool, companionUrl, secret, seed, ledger, signal } = options;
  const { rows: workspaces } = await pool.query<{ id: string }>(
    "INSERT INTO workspaces (name) VALUES ('Chaos') RETURNING id",
  );
  const workspaceId = workspaces[0]?.id;
  const people: Person[] = [];
  const tokens: string[] = [];
  for (let number = 0; number < count; number++) {
    const name = `person${number}`;
    const { rows } = await pool.query<{ id: string }>("INSERT INTO users (name) VALUES ($1) RETURNING id", [
      name,
    ]);
    const userId = rows[0]?.id ?? "";
    await pool.query(
      "INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'member')",
      [workspaceId, userId],
    );
    const { bytes, files } = LIMITS[number % LIMITS.length] ?? {};
    if (bytes !== undefined || files !== undefined)
      await pool.query(
        "INSERT INTO storage_quotas (user_id, max_storage_bytes, max_file_count) VALUES ($1, $2, $3)",
        [userId, bytes ?? null, files ?? null],
      );
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      .setIssuer(JWT.issuer)
      .setAudience(JWT.audience)
      .setExpirationTime("12h")
      .sign(new TextEncoder().encode(secret));
    tokens.push(token);
    people.push({
      name,
      userId,
      workspaceId: number % 3 === 2 ? workspaceId : undefined,
      client: createCompanionClient({ companionUrl, getToken: async () => token, timeoutMs: 20_000 }),
      ledger,
      random: new Random(seed, name),
      signal,
    });
  }
  return { people, tokens };
}
