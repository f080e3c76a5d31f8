import { planParts } from "@audiotricks/protocol";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { fillTables } from "./fill-tables.ts";
import { INSTANT_ETAG } from "./instant-store.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import type { ServerFigure } from "./server-figure.ts";
import { startCompanion } from "./start-companion.ts";
import { readStatementTime, resetStatementTime } from "./statement-time.ts";
import { UploadClient } from "./upload-client.ts";

const PARTS = 1_000;
const SIZE = PARTS * 10 * MiB;
/** As our engine asks for them. */
const SIGNED_AT_ONCE = 100;

/** What one part of a large file costs the database, from the start to stored, with all that the engine tells meanwhile. */
export async function measureParts(server: MeasuredPostgres, { rounds }: Options): Promise<ServerFigure[]> {
  await using database = await server.createDatabase();
  const files = { putSize: MiB, multipartSize: SIZE };
  await using companion = await startCompanion({ databaseUrl: database.url, connections: 10, files });
  await fillTables(database, 1_000);
  await sql`UPDATE storage_providers SET max_file_size = ${SIZE}`.execute(database.db);
  const userId = await seedUser(database.db);
  using client = new UploadClient(companion.port);
  const perPart: number[] = [];
  // The first is for what is read and compiled once.
  for (let round = 0; round <= rounds; round++) {
    await resetStatementTime(database);
    await uploadOne(client, userId);
    if (round > 0) perPart.push(((await readStatementTime(database)) * 1000) / PARTS);
  }
  return [
    {
      title: `the database's time for a part, of an upload of ${PARTS.toLocaleString("en")}`,
      rounds: perPart,
      wanted: { most: 50 },
      unit: "µs",
      sides: "all its statements by pg_stat_statements, planning and triggers among them",
    },
  ];
}

async function uploadOne(client: UploadClient, userId: string): Promise<void> {
  const [session] = await client.start(userId, [SIZE]);
  if (session === undefined) throw new Error("not started");
  const parts = planParts(SIZE, session.partSize);
  let signed = session.urls.length;
  let told = 0;
  while (signed < parts.length) {
    const finished = parts.slice(told, signed).map(({ partNumber }) => ({ partNumber, etag: INSTANT_ETAG }));
    const partNumbers = parts.slice(signed, signed + SIGNED_AT_ONCE).map(({ partNumber }) => partNumber);
    await client.sign(userId, session.sessionId, { partNumbers, finished });
    told = signed;
    signed += partNumbers.length;
  }
  await client.complete(userId, [session]);
}
