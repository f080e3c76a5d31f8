import type { DatabaseServer } from "../database/database-server.ts";

export interface FileRow {
  id: string;
  status: string;
  provider: string;
  key: string;
  size: number;
  user_id: string | null;
  workspace_id: string | null;
  former_user: string | null;
  former_workspace: string | null;
  derived_from: string | null;
  kind: string;
  /** Its time is up. */
  expired: boolean;
  age_days: number;
  session: string;
  etag: string | null;
  /** Its bytes may be read by whoever may read it at all. */
  given_out: boolean;
  name: string;
  access: string;
  /** What is to be published together with it. */
  group: { id: string; size: number; isOpen: boolean } | null;
}
/** An archive, with what it is planned to hold and which of its parts were sent while it is under way. */
export interface ExportRow {
  id: string;
  kind: string;
  status: string;
  file: string;
  session: string;
  attempts: number;
  missing: number;
  bytes: number;
  error: string | null;
  /** Its time is up, counted from its end. */
  over: boolean;
  entries: { name: string; file: string | null; size: number; missing: boolean }[];
  parts: { number: number; etag: string }[];
}
export interface SessionRow {
  id: string;
  file: string;
  status: string | null;
  method: string;
  upload: string | null;
  temp: string | null;
  size: number;
  part_size: number;
  parts: number;
  stored_parts: number;
  stored_bytes: number;
  user_id: string | null;
  workspace_id: string | null;
  former_user: string | null;
  former_workspace: string | null;
  sent: boolean;
  expired: boolean;
  error: string | null;
}
export interface Counter {
  scope: "user" | "workspace";
  id: string;
  used: number;
  reserved: number;
  used_files: number;
  reserved_files: number;
  max_bytes: number | null;
  max_files: number | null;
}

export interface EventRow {
  id: string;
  sequence: number;
  type: string;
  /** `file:<id>`, `user:<id>` or `workspace:<id>`. */
  key: string;
  status: string;
  attempts: number;
  /** Milliseconds since 1970. */
  gave_up_at: number | null;
}

/** A file on its way to another bucket. */
export interface MoveRow {
  id: string;
  file: string;
  from: string;
  to: string;
  key: string;
  state: string;
  /** Since its file's row has named the new bucket. */
  moved_ms_ago: number | null;
}

/** All that the database says, at one moment at which nothing was half done. */
export interface Snapshot {
  files: FileRow[];
  sessions: SessionRow[];
  exports: ExportRow[];
  counters: Counter[];
  events: EventRow[];
  moves: MoveRow[];
  /** Workspaces whose files are on their way, by id of the move. */
  moving: string[];
  users: string[];
  workspaces: string[];
  /** Parts that are written down as stored, as `session/part`. */
  chunks: { name: string; status: string }[];
  /** How often each file was said to be stored, in the log of who did what. */
  audits: { file: string; stored: number; deleted: number }[];
  /** Anything but sealed secrets where they are kept. */
  plainSecrets: number;
  /** Providers of which nothing says whether they are the primary one. */
  undecidedProviders: number;
}

const SQL = `SELECT json_build_object(
  'files', (SELECT coalesce(json_agg(json_build_object('id', id, 'status', status, 'provider', storage_provider_id, 'key', storage_path, 'size', file_size,
    'user_id', user_id, 'workspace_id', workspace_id, 'former_user', former_user_id, 'former_workspace', former_workspace_id,
    'derived_from', derived_from, 'kind', content_type, 'expired', expires_at IS NOT NULL AND expires_at <= now(),
    'age_days', extract(epoch FROM now() - created_at) / 86400, 'session', upload_session_id, 'etag', etag,
    'given_out', is_given_out(status, scan_state), 'name', original_filename, 'access', access_level,
    'group', metadata -> '$group')), '[]') FROM file_storage),
  'sessions', (SELECT coalesce(json_agg(json_build_object('id', id, 'file', file_storage_id, 'status', status,
    'method', upload_method, 'upload', spaces_upload_id, 'temp', temp_path, 'size', total_file_size,
    'part_size', chunk_size, 'parts', total_chunks, 'stored_parts', completed_chunks, 'stored_bytes', uploaded_bytes,
    'user_id', user_id, 'workspace_id', workspace_id, 'former_user', former_user_id, 'former_workspace', former_workspace_id,
    'sent', complete_sent_at IS NOT NULL,
    'expired', expires_at <= now(), 'error', error_code)), '[]') FROM multipart_uploads),
  'exports', (SELECT coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'status', status, 'file', file_storage_id, 'session', session_id,
    'attempts', attempts, 'missing', missing_files, 'bytes', total_bytes, 'error', error_code,
    'over', coalesce(finished_at + make_interval(secs => expires_in) <= now(), false),
    'entries', (SELECT coalesce(json_agg(json_build_object('name', n.name, 'file', n.file_storage_id, 'size', n.size,
      'missing', n.is_missing) ORDER BY n.ordinal), '[]') FROM export_entries n WHERE n.export_id = e.id),
    'parts', (SELECT coalesce(json_agg(json_build_object('number', p.part_number, 'etag', p.etag) ORDER BY p.part_number), '[]')
      FROM export_parts p WHERE p.export_id = e.id))), '[]') FROM storage_exports e),
  'counters', (SELECT coalesce(json_agg(json_build_object('scope', c.scope, 'id', scope_id, 'used', used_bytes,
    'reserved', reserved_bytes, 'used_files', used_files, 'reserved_files', reserved_files,
    'max_bytes', l.max_bytes, 'max_files', l.max_files)), '[]')
    FROM storage_counters c CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l),
  'events', (SELECT coalesce(json_agg(json_build_object('id', id, 'sequence', sequence, 'type', event_type, 'key', ordering_key,
    'status', status, 'attempts', attempts, 'gave_up_at', CASE WHEN status = 'dead' THEN extract(epoch FROM settled_at) * 1000 END)),
    '[]') FROM outbox_events),
  'moves', (SELECT coalesce(json_agg(json_build_object('id', id, 'file', file_storage_id, 'from', from_provider_id,
    'to', to_provider_id, 'key', object_key, 'state', state,
    'moved_ms_ago', extract(epoch FROM now() - moved_at) * 1000)), '[]') FROM file_moves),
  'moving', (SELECT coalesce(json_agg(id), '[]') FROM storage_moves WHERE state = 'running'),
  'users', (SELECT coalesce(json_agg(id), '[]') FROM users),
  'workspaces', (SELECT coalesce(json_agg(id), '[]') FROM workspaces),
  'chunks', (SELECT coalesce(json_agg(json_build_object('name', multipart_upload_id || '/' || chunk_number,
    'status', status)), '[]') FROM upload_chunks),
  'audits', (SELECT coalesce(json_agg(a), '[]') FROM (SELECT resource_id AS file,
    count(*) FILTER (WHERE action = 'file_stored') AS stored,
    count(*) FILTER (WHERE action = 'file_deleted') AS deleted FROM audit_logs GROUP BY resource_id) a),
  'plainSecrets', (SELECT count(*) FROM storage_providers WHERE NOT secret_access_key_encrypted ~ '^(env:|enc:v[12]:)'),
  'undecidedProviders', (SELECT count(*) FROM storage_providers WHERE is_primary IS NULL)
) AS snapshot`;

/** To be asked only while the database is quiet. */
export async function takeSnapshot(database: DatabaseServer): Promise<Snapshot> {
  const { rows } = await database.run(SQL);
  return (rows[0] as { snapshot: Snapshot }).snapshot;
}
