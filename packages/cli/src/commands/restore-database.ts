import { randomUUID } from "node:crypto";
import { migrate, readMigrationFiles } from "@audiotricks/migrations";
import {
  type DumpHeader,
  type OpenedDump,
  OperatorError,
  readExpiryHold,
  recordOperator,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome, Site, Words } from "../command.ts";
import { describeHold } from "../describe-hold.ts";
import { postgresPlaceOf, readDatabaseUrl } from "../dumps/database-place.ts";
import { DUMP_OPTIONS, needsDatabase, withDump } from "../dumps/find-dump.ts";
import { restoreInto } from "../dumps/target-database.ts";
import { EXIT } from "../exit-codes.ts";
import { openDatabase } from "../open-database.ts";
import { openStorage } from "../open-storage.ts";
import { countIn, describeTallies, isHarmless, type Tallies } from "../reconcile/tally.ts";

const SAMPLES = 5;

type Place = Pick<Site, "settings" | "terminal"> & { db?: Site["db"] };

export const restoreDatabase: Command = {
  name: "restore database",
  synopsis:
    "--from latest|KEY|FILE --into URL|DIRECTORY [--provider ID | --endpoint URL --region REGION --bucket NAME --access-key-id ID [--secret-file FILE]] [--no-privileges] [--no-reconcile]",
  summary:
    "Reads a backup of the database into one that is new (made if it is not there): all of it, or nothing. Migrates it, looks through every bucket beside it, and says which files do not expire until somebody answers. The URL has no password: PGPASSWORD has it, or DATABASE_URL, if that is of the same user and server. Of an embedded database: into a DATA_DIR that has none.",
  options: {
    into: { type: "string" },
    "no-privileges": { type: "boolean" },
    "no-reconcile": { type: "boolean" },
    ...DUMP_OPTIONS,
  },
  changes: (words) => ({ action: "restoreDatabase", resourceId: words.text("provider") }),
  alone: (place, words) => (needsDatabase(words) ? undefined : restore(place, words)),
  run: (site, words) => restore(site, words),
};

async function restore(site: Place, words: Words): Promise<Outcome> {
  const into = words.required("into");
  // Before a bucket is asked.
  const databaseUrl = /^postgres(ql)?:/.test(into) ? readDatabaseUrl(into, site) : undefined;
  const start = performance.now();
  return await withDump(site, words, async ({ header, content, from }) => {
    await requireKnown(header);
    const hasPrivileges = !words.has("no-privileges");
    if (databaseUrl === undefined) await restoreEmbedded(into, { header, content });
    else {
      requireEngine(header, "postgres");
      const place = postgresPlaceOf(site, databaseUrl);
      await restoreInto({ place, header, content, hasPrivileges, signal: site.terminal.interrupted });
    }
    const after = databaseUrl === undefined ? undefined : await lookAfter(site, databaseUrl, words);
    const { deploymentId: _deploymentId, ...about } = header;
    const json = {
      ...about,
      from,
      tookMs: Math.round(performance.now() - start),
      applied: after?.applied ?? [],
      ...(after?.hold && { expiryHold: after.hold }),
      ...(after?.reconciled && { reconciled: after.reconciled }),
    };
    const isWell =
      after?.hold === undefined && (after?.reconciled === undefined || isHarmless(after.reconciled.findings));
    return { json, text: describe(json, after), exitCode: isWell ? EXIT.ok : EXIT.look };
  });
}

/** @throws {OperatorError} `dump_newer`. */
async function requireKnown({ migration }: DumpHeader): Promise<void> {
  const latest = (await readMigrationFiles()).at(-1)?.name ?? "";
  if (migration > latest)
    throw new OperatorError(
      "dump_newer",
      `The dump is of a later release: it has migration ${migration}, and this one knows them up to ${latest}. Restore it by the release that made it.`,
    );
}

function requireEngine({ engine }: DumpHeader, wanted: DumpHeader["engine"]): void {
  if (engine === wanted) return;
  throw new OperatorError(
    "dump_of_other_engine",
    engine === "pglite"
      ? "The dump is of an embedded database: give --into a directory, which a server then gets as DATA_DIR."
      : "The dump is of a PostgreSQL server: give --into a URL such as postgres://user@host:5432/name.",
  );
}

/** PGlite takes its dump whole: so all of it is proved before. */
async function restoreEmbedded(directory: string, { header, content }: OpenedDump): Promise<void> {
  requireEngine(header, "pglite");
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of content) pieces.push(Uint8Array.from(piece));
  const { restoreEmbeddedDatabase, EmbeddedError } = await import("@audiotricks/embedded");
  try {
    await restoreEmbeddedDatabase(directory, new Blob(pieces));
  } catch (cause) {
    if (!(cause instanceof EmbeddedError)) throw cause;
    throw new CliError("embedded_database", cause.message, { cause });
  }
}

interface After {
  applied: string[];
  hold: Awaited<ReturnType<typeof readExpiryHold>>;
  reconciled: { objects: number; rows: number; findings: Tallies } | undefined;
}

async function lookAfter({ settings, terminal }: Place, databaseUrl: string, words: Words): Promise<After> {
  const db = await openDatabase(databaseUrl, { needsNoSchema: true });
  try {
    const { applied } = await migrate(db);
    await recordOperator(
      db,
      { actor: `cli:${terminal.actor}`, requestId: `cli-${randomUUID()}` },
      { action: "restoreDatabase", outcome: "done", change: { after: { from: words.required("from") } } },
    );
    const storage = await openStorage({ db, settings });
    try {
      const findings: Tallies = {};
      const found = words.has("no-reconcile")
        ? undefined
        : await storage.upkeep.reconcile({
            signal: terminal.interrupted,
            onFinding: (finding) => countIn(findings, finding, SAMPLES),
          });
      return {
        applied,
        hold: await readExpiryHold(db),
        reconciled: found && { objects: found.objects, rows: found.rows, findings },
      };
    } finally {
      await storage.close();
    }
  } finally {
    await db.destroy();
  }
}

function describe(
  {
    from,
    startedAt,
    tookMs,
    migration,
  }: { from: string; startedAt: string; tookMs: number; migration: string },
  after: After | undefined,
): string {
  return [
    `Restored ${from} of ${startedAt}, at ${migration}, in ${(tookMs / 1000).toFixed(1)} s: what happened after that moment is not in it.`,
    ...(after === undefined
      ? ["The next server that has this DATA_DIR migrates it and holds back what has expired meanwhile."]
      : [
          ...(after.applied.length > 0 ? [`Migrated: ${after.applied.join(", ")}`] : []),
          ...(after.reconciled === undefined
            ? ["Not looked through: run reconcile before anybody relies on it."]
            : [
                `${after.reconciled.objects} objects and ${after.reconciled.rows} rows looked through.`,
                ...describeTallies(after.reconciled.findings),
              ]),
          ...(after.hold === undefined ? ["No file is held back from expiring."] : []),
          // A reconciliation has told of it.
          ...(after.hold !== undefined && after.reconciled?.findings.expiry_held === undefined
            ? describeHold(after.hold)
            : []),
        ]),
  ].join("\n");
}
