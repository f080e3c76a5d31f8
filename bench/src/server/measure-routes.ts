import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { bearerJwt } from "@audiotricks/companion";
import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import { MiB } from "../workload.ts";
import { fillTables } from "./fill-tables.ts";
import { SERVICE_TOKEN } from "./open-companion.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import { type Ask, requestRate } from "./request-rate.ts";
import type { ServerFigure } from "./server-figure.ts";
import { type CompanionProcess, startCompanion } from "./start-companion.ts";
import { timeOf } from "./times.ts";

const FEW = 1_000;
const MANY = 5_000_000;
const FILES = { putSize: 4 * MiB, multipartSize: 25 * MiB };
const WINDOW_MS = 3_000;
const WARM_UP_MS = 1_500;
const TOKENS = 2_000;
/** Of a thousand, that many are stored and in no workspace. */
const FILES_ASKED_FOR = 150;

/**
 * What is asked most, the quota and the URL of a download, with limits and audit on: against a bare route that runs `SELECT 1` on the
 * same pool, against itself with few files in the tables, and without the question whose file it is.
 */
export async function measureRoutes(
  server: MeasuredPostgres,
  { rounds, share }: Options,
): Promise<ServerFigure[]> {
  await using few = await openSide(server, FEW);
  await using many = await openSide(server, Math.round(MANY * share));
  const kinds = ["quota", "download"] as const;
  const rates = {
    quota: [] as number[],
    download: [] as number[],
    bare: [] as number[],
    service: [] as number[],
  };
  const ofMany = { quota: [] as number[], download: [] as number[] };
  const run = (side: Side, kind: keyof Asks, ms: number) =>
    requestRate(side.companion.port, side.asks[kind], ms);
  for (const side of [few, many])
    for (const kind of ["bare", "service", ...kinds] as const) await run(side, kind, WARM_UP_MS);
  for (let round = 0; round < rounds; round++) {
    rates.bare.push(await run(few, "bare", WINDOW_MS));
    for (const kind of kinds) {
      rates[kind].push(await run(few, kind, WINDOW_MS));
      ofMany[kind].push(await run(many, kind, WINDOW_MS));
    }
    rates.service.push(await run(few, "service", WINDOW_MS));
  }
  const ratio = (above: number[], below: number[]) =>
    above.map((rate, round) => rate / (below[round] ?? Number.NaN));
  const list = (values: number[]) => `${Math.round(median(values))} a second`;
  const names = { quota: "GET /v1/quota", download: "POST /v1/files/:id/download" };
  return [
    ...kinds.map(
      (kind): ServerFigure => ({
        title: `rate of ${names[kind]} ÷ of a bare route with SELECT 1`,
        rounds: ratio(rates[kind], rates.bare),
        wanted: { least: 0.7 },
        unit: "×",
        sides: `${list(rates[kind])} ÷ ${list(rates.bare)}`,
      }),
    ),
    ...kinds.map(
      (kind): ServerFigure => ({
        title: `time of ${names[kind]} with ${many.files} files ÷ with ${few.files}`,
        rounds: ratio(rates[kind], ofMany[kind]),
        wanted: { most: 1.2 },
        unit: "×",
        sides: `${list(rates[kind])} with few, ${list(ofMany[kind])} with many`,
      }),
    ),
    {
      title: "rate of a download by its owner ÷ by a service that may read all",
      rounds: ratio(rates.download, rates.service),
      wanted: { least: 0.9 },
      unit: "×",
      sides: `${list(rates.download)} ÷ ${list(rates.service)}`,
    },
    await measureAuthentication(rounds),
  ];
}

type Asks = Record<"bare" | "quota" | "download" | "service", () => Ask>;

interface Side extends AsyncDisposable {
  files: string;
  companion: CompanionProcess;
  asks: Asks;
}

async function openSide(server: MeasuredPostgres, fileCount: number): Promise<Side> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await server.createDatabase());
  const companion = opened.use(
    await startCompanion({ databaseUrl: database.url, connections: 10, files: FILES }),
  );
  await fillTables(database, fileCount);
  const asks = await asksOf(database);
  const moved = opened.move();
  return {
    files: fileCount.toLocaleString("en"),
    companion,
    asks,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Of files that lie all over the table, each asked for by its owner; as many of few as of many, since what is counted is counted by file. */
async function asksOf({ pool }: TestDatabase<Database>): Promise<Asks> {
  const { rows } = await pool.query<{ id: string; user_id: string }>(
    `SELECT id, user_id FROM file_storage
     WHERE status = 'stored' AND workspace_id IS NULL ORDER BY id LIMIT $1`,
    [FILES_ASKED_FOR],
  );
  if (rows.length < FILES_ASKED_FOR) throw new Error(`only ${rows.length} stored files`);
  let count = 0;
  const next = () => {
    count += 1;
    const row = rows[count % rows.length];
    if (row === undefined) throw new Error("no stored file");
    return row;
  };
  // As pages ask: a body would say no more than what is taken for granted.
  const download = (authorization: string, id: string): Ask => ({
    method: "POST",
    path: `/v1/files/${id}/download`,
    headers: { authorization },
  });
  return {
    bare: () => ({ method: "GET", path: "/bare/select-1", headers: {} }),
    quota: () => ({ method: "GET", path: "/v1/quota", headers: { authorization: next().user_id } }),
    download: () => {
      const { id, user_id } = next();
      return download(user_id, id);
    },
    service: () => download(`Bearer ${SERVICE_TOKEN}`, next().id),
  };
}

/** A token for every request, by a key that was fetched once. */
async function measureAuthentication(rounds: number): Promise<ServerFigure> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" }] });
  let fetched = 0;
  const issuer = createServer((_request, response) => {
    fetched += 1;
    response.setHeader("content-type", "application/json").end(jwks);
  });
  await new Promise<void>((resolve) => void issuer.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = issuer.address() as AddressInfo;
    const authenticate = bearerJwt({
      issuer: "https://issuer.example",
      audience: "bench",
      algorithms: ["RS256"],
      jwksUrl: `http://127.0.0.1:${port}/`,
    });
    const requests = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const token = await new SignJWT()
          .setProtectedHeader({ alg: "RS256", kid: "1" })
          .setIssuer("https://issuer.example")
          .setAudience("bench")
          .setSubject(`00000000-0000-4000-8000-${String(index).padStart(12, "0")}`)
          .setExpirationTime("1h")
          .sign(privateKey);
        return new Request("http://127.0.0.1/", { headers: { authorization: `Bearer ${token}` } });
      }),
    );
    const all = async () => {
      for (let index = 0; index < TOKENS; index++) {
        const request = requests[index % requests.length];
        if (request === undefined || (await authenticate(request)) === null) throw new Error("not signed in");
      }
    };
    await all();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(((await timeOf(all)) * 1000) / TOKENS);
    return {
      title: "what signing in by a cached key adds to a request (RS256)",
      rounds: times,
      wanted: { most: 300 },
      unit: "µs",
      sides: `keys fetched ${fetched === 1 ? "once" : `${fetched} times`} for ${TOKENS * (rounds + 1)} requests`,
    };
  } finally {
    issuer.close();
  }
}
