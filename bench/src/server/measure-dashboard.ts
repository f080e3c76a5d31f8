import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";
import { A_MONTH, fillHistory } from "@audiotricks/testing/history";
import { sql } from "kysely";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import type { MeasuredPostgres } from "./open-server.ts";
import type { ServerFigure } from "./server-figure.ts";
import { describeMs, timeOf } from "./times.ts";

const FEW = 10_000;
const MANY = 5_000_000;
/** The same on both sides: the view of workspaces has a row for each. */
const WORKSPACES = 200;
const TIMES = 60;
const VIEWS = ["storage_performance_dashboard", "workspace_storage_usage"] as const;
/** What a fold has left for later is in both. */
const UNFOLDED = 200;

/** The two views with as many files and operations as years leave, and with few; and what counting them plainly takes. */
export async function measureDashboard(
  server: MeasuredPostgres,
  { rounds, share }: Options,
): Promise<ServerFigure[]> {
  await using few = await openSide(server, FEW);
  const count = Math.round(MANY * share);
  await using many = await openSide(server, count);
  const title = `${count.toLocaleString("en")} files and as many operations`;
  const figures: ServerFigure[] = [];
  for (const view of VIEWS) {
    const read = (side: TestDatabase<Database>) =>
      timeOf(() => sql`SELECT * FROM ${sql.table(view)}`.execute(side.db));
    for (let index = 0; index < 10; index++) for (const side of [few, many]) await read(side);
    const ratios: number[] = [];
    const times = { few: [] as number[], many: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const [ofFew, ofMany]: [number[], number[]] = [[], []];
      for (let index = 0; index < TIMES; index++) {
        ofFew.push(await read(few));
        ofMany.push(await read(many));
      }
      ratios.push(median(ofMany) / median(ofFew));
      times.few.push(...ofFew);
      times.many.push(...ofMany);
    }
    figures.push({
      title: `${view}: with ${title} ÷ with ${FEW.toLocaleString("en")} of each`,
      rounds: ratios,
      wanted: { most: 1.2 },
      unit: "×",
      sides: `${describeMs(times.many)} ÷ ${describeMs(times.few)}`,
    });
    const plain: number[] = [];
    for (let round = 0; round < rounds; round++) plain.push(await timeOf(() => PLAIN[view].execute(many.db)));
    figures.push({
      title: `${view}: ÷ the plain aggregate, both with ${title}`,
      rounds: plain.map((ms) => median(times.many) / ms),
      wanted: { most: 0.1 },
      unit: "×",
      sides: `${describeMs(times.many)} ÷ ${describeMs(plain)}`,
    });
  }
  return figures;
}

async function openSide(server: MeasuredPostgres, count: number): Promise<TestDatabase<Database>> {
  const database = await server.createDatabase();
  const { db, pool } = database;
  const ms = await timeOf(() =>
    fillHistory(db, {
      ...A_MONTH,
      files: count,
      operations: count,
      workspaces: WORKSPACES,
      users: WORKSPACES * 5,
      until: new Date(),
    }),
  );
  console.log(`  ${count.toLocaleString("en")} files put into the tables in ${(ms / 1000).toFixed(0)} s`);
  await pool.query("VACUUM ANALYZE");
  await pool.query(`UPDATE file_storage SET download_count = download_count + 1, last_accessed_at = now()
    WHERE id IN (SELECT id FROM file_storage WHERE status = 'stored' LIMIT ${UNFOLDED})`);
  await pool.query("ANALYZE storage_file_changes");
  return database;
}

/** As the views were made before there were sums. */
const PLAIN = {
  storage_performance_dashboard: sql`
    SELECT p.id, f.*, o.* FROM storage_providers p
    LEFT JOIN (
      SELECT storage_provider_id, count(*) AS total_files, sum(file_size)::bigint AS total_size_bytes,
        count(*) FILTER (WHERE content_type = 'audio_file') AS audio_files,
        (sum(file_size) FILTER (WHERE content_type = 'audio_file'))::bigint AS audio_size_bytes,
        count(*) FILTER (WHERE content_type = 'export_file') AS export_files,
        (sum(file_size) FILTER (WHERE content_type = 'export_file'))::bigint AS export_size_bytes,
        count(*) FILTER (WHERE stored_at >= now() - interval '24 hours') AS files_uploaded_24h,
        sum(download_count)::bigint AS total_downloads, max(last_accessed_at) AS last_access
      FROM file_storage WHERE is_counted_file(status) GROUP BY storage_provider_id
    ) f ON f.storage_provider_id = p.id
    LEFT JOIN (
      SELECT so.storage_provider_id, avg(so.duration_ms) FILTER (WHERE so.operation_type = 'upload' AND so.reported_by = 'server') AS upload_ms,
        avg(so.duration_ms) FILTER (WHERE so.reported_by = 'client') AS client_ms,
        avg(so.duration_ms) FILTER (WHERE so.operation_type = 'download') AS download_ms,
        count(*) FILTER (WHERE so.success AND so.reported_by = 'server')::float8 / nullif(count(*) FILTER (WHERE so.reported_by = 'server'), 0) AS success
      FROM spaces_operations so WHERE so.started_at >= date_trunc('month', now(), 'UTC')
      GROUP BY so.storage_provider_id
    ) o ON o.storage_provider_id = p.id`,
  workspace_storage_usage: sql`
    SELECT w.id, f.* FROM workspaces w
    LEFT JOIN (
      SELECT workspace_id, count(*) AS total_files, sum(file_size)::bigint AS total_size_bytes,
        count(*) FILTER (WHERE content_type = 'audio_file') AS audio_files, count(*) FILTER (WHERE content_type = 'export_file') AS export_files
      FROM file_storage WHERE is_counted_file(status) AND workspace_id IS NOT NULL GROUP BY workspace_id
    ) f ON f.workspace_id = w.id`,
} as const;
