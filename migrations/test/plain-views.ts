import { type Kysely, sql } from "kysely";
import { rowsOf } from "./reserve.ts";

/** What the dashboard says of providers, counted from the rows of all files and of all calls of this month. */
export const plainDashboard = (db: Kysely<unknown>) =>
  rowsOf(
    db,
    sql<object>`
      SELECT p.id AS storage_provider_id,
        coalesce(f.total_files, 0) AS total_files, coalesce(f.total_size_bytes, 0) AS total_size_bytes,
        coalesce(f.audio_files, 0) AS audio_files, coalesce(f.audio_size_bytes, 0) AS audio_size_bytes,
        coalesce(f.export_files, 0) AS export_files, coalesce(f.export_size_bytes, 0) AS export_size_bytes,
        coalesce(f.files_uploaded_24h, 0) AS files_uploaded_24h, coalesce(f.total_downloads, 0) AS total_downloads,
        f.last_access, o.avg_upload_time_ms, o.avg_download_time_ms, o.avg_client_upload_time_ms, o.success_rate,
        coalesce(o.total_operations, 0) AS total_operations
      FROM storage_providers p
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
        SELECT coalesce(so.storage_provider_id, l.storage_provider_id) AS storage_provider_id,
          (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'upload' AND so.reported_by = 'server'))::double precision
            AS avg_upload_time_ms,
          (avg(so.duration_ms) FILTER (WHERE so.reported_by = 'client'))::double precision AS avg_client_upload_time_ms,
          (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'download'))::double precision AS avg_download_time_ms,
          (count(*) FILTER (WHERE so.success AND so.reported_by = 'server'))::double precision
            / nullif(count(*) FILTER (WHERE so.reported_by = 'server'), 0) * 100 AS success_rate,
          count(*) FILTER (WHERE so.reported_by = 'server') AS total_operations
        FROM spaces_operations so LEFT JOIN file_storage l ON l.id = so.file_storage_id
        WHERE so.started_at >= date_trunc('month', now(), 'UTC')
        GROUP BY 1
      ) o ON o.storage_provider_id = p.id
      WHERE p.is_active
      ORDER BY p.id`,
  );

/** The same columns of the view. */
export const dashboard = (db: Kysely<unknown>) =>
  rowsOf(
    db,
    sql<object>`
      SELECT storage_provider_id, total_files, total_size_bytes, audio_files, audio_size_bytes, export_files, export_size_bytes,
        files_uploaded_24h, total_downloads, last_access, avg_upload_time_ms, avg_download_time_ms, avg_client_upload_time_ms,
        success_rate, total_operations
      FROM storage_performance_dashboard ORDER BY storage_provider_id`,
  );

export const plainWorkspaces = (db: Kysely<unknown>) =>
  rowsOf(
    db,
    sql<object>`
      SELECT w.id AS workspace_id, count(f.id) AS total_files, coalesce(sum(f.file_size), 0)::bigint AS total_size_bytes,
        count(f.id) FILTER (WHERE f.content_type = 'audio_file') AS audio_files_count,
        count(f.id) FILTER (WHERE f.content_type = 'export_file') AS export_files_count,
        coalesce(sum(f.file_size) FILTER (WHERE f.content_type = 'audio_file'), 0)::bigint AS audio_size_bytes,
        coalesce(sum(f.download_count), 0)::bigint AS total_downloads
      FROM workspaces w LEFT JOIN file_storage f ON f.workspace_id = w.id AND is_counted_file(f.status)
      WHERE w.is_active GROUP BY w.id ORDER BY w.id`,
  );

export const workspaceUsage = (db: Kysely<unknown>) =>
  rowsOf(
    db,
    sql<object>`
      SELECT workspace_id, total_files, total_size_bytes, audio_files_count, export_files_count, audio_size_bytes, total_downloads
      FROM workspace_storage_usage ORDER BY workspace_id`,
  );
