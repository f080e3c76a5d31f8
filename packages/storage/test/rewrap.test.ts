import { randomBytes, randomUUID } from "node:crypto";
import { createTestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import {
  type Database,
  openProviders,
  openSecret,
  parseEnvelopeKey,
  parseKeyring,
  rewrapSecrets,
  sealSecret,
} from "../src/index.ts";

const [oldText, newText] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
const oldKey = parseEnvelopeKey(oldText);
const both = `${newText} ${oldText}`;

async function insertSealed(db: Kysely<Database>, secret: string, seal = oldKey): Promise<string> {
  const id = randomUUID();
  await sql`INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id,
    secret_access_key_encrypted) VALUES (${id}, 's3', 'https://s3.eu-west-1.amazonaws.com', 'eu-west-1', ${id}, 'AK',
    ${sealSecret(secret, id, seal)})`.execute(db);
  return id;
}

const envelopeOf = async (db: Kysely<Database>, id: string) =>
  (
    await db
      .selectFrom("storage_providers")
      .select("secret_access_key_encrypted as envelope")
      .where("id", "=", id)
      .executeTakeFirstOrThrow()
  ).envelope;

describe("rewrapSecrets", () => {
  it("moves every secret to the first key, by many at once, while servers with both keys go on reading", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => insertSealed(db, `secret ${n}`)));
    const providers = await openProviders({ db, encryptionKey: `${oldText} ${newText}` });
    let isDone = false;
    const reading = (async () => {
      let reads = 0;
      while (!isDone || reads === 0) {
        const found = await Promise.all(ids.map((id) => providers.get(id)));
        expect(found.map(({ credentials }) => credentials.secretAccessKey)).toEqual(
          ids.map((_, n) => `secret ${n}`),
        );
        reads++;
      }
    })();
    const reports = await Promise.all([1, 2, 3].map(() => rewrapSecrets(db, parseKeyring(both))));
    isDone = true;
    await reading;
    expect(reports.flatMap(({ rewrapped }) => rewrapped).sort()).toEqual([...ids].sort());
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    // The old key can go.
    const after = await openProviders({ db, encryptionKey: newText });
    for (const [n, id] of ids.entries())
      expect((await after.get(id)).credentials.secretAccessKey).toBe(`secret ${n}`);
    expect(await rewrapSecrets(db, parseKeyring(both))).toMatchObject({ rewrapped: [], failures: [] });
  });

  it("never puts back a credential that was rotated meanwhile", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const id = await insertSealed(db, "old");
    for (let round = 0; round < 20; round++) {
      const rotate = db
        .updateTable("storage_providers")
        .set({ secret_access_key_encrypted: sealSecret(`round ${round}`, id, oldKey) })
        .where("id", "=", id)
        .execute();
      await Promise.all([
        rotate,
        rewrapSecrets(db, parseKeyring(both)),
        rewrapSecrets(db, parseKeyring(both)),
      ]);
      expect(openSecret(await envelopeOf(db, id), id, parseKeyring(both))).toBe(`round ${round}`);
    }
  });

  it("leaves alone what it cannot open, names it, and does the others", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const foreign = await insertSealed(db, "x", parseEnvelopeKey(randomBytes(32).toString("base64")));
    const fine = await insertSealed(db, "y");
    const before = await envelopeOf(db, foreign);
    const report = await rewrapSecrets(db, parseKeyring(both));
    expect(report).toMatchObject({ rewrapped: [fine], failures: [{ id: foreign, code: "no_provider" }] });
    expect(await envelopeOf(db, foreign)).toBe(before);
  });

  it("is kept by the table to whole envelopes", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const id = await insertSealed(db, "y");
    const envelope = await envelopeOf(db, id);
    const fields = envelope.split(":");
    for (const bad of [
      "hunter2",
      envelope.slice(0, -41),
      fields.toSpliced(3, 1).join(":"),
      fields.with(3, fields[3]?.slice(1) ?? "").join(":"),
      fields.with(2, "nonsense").join(":"),
      `${envelope} hunter2`,
      `hunter2\n${envelope}`,
      `${envelope}\nhunter2`,
    ]) {
      const error: unknown = await db
        .updateTable("storage_providers")
        .set({ secret_access_key_encrypted: bad })
        .where("id", "=", id)
        .execute()
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "AT014" });
      expect(JSON.stringify(error)).not.toContain(bad.slice(0, 30));
    }
  });
});
