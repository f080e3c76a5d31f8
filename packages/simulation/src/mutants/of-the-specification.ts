import { inFunction, type Mutant } from "./mutant.ts";

const CLEANUP =
  "CREATE OR REPLACE FUNCTION cleanup_expired_files(max_claims integer DEFAULT 1000, at timestamptz DEFAULT now()) RETURNS integer LANGUAGE plpgsql AS";

/** Defects of the specification's own SQL, by their numbers. */
export const OF_THE_SPECIFICATION: readonly Mutant[] = [
  {
    name: "6-secret-in-plain-text",
    what: "A provider's secret is kept as it is.",
    sql: `DROP TRIGGER storage_providers_secret ON storage_providers;
      ALTER TABLE storage_providers DROP CONSTRAINT storage_providers_secret_access_key_encrypted_check`,
  },
  {
    name: "6-secret-in-an-error",
    what: "The refusal of a secret prints it.",
    sql: "DROP TRIGGER storage_providers_secret ON storage_providers",
  },
  {
    name: "7-deleted-without-the-store",
    what: "The clean-up says deleted, and the store was never asked.",
    sql: `DROP TRIGGER file_storage_transition ON file_storage;
      ${CLEANUP} $$ BEGIN
        UPDATE file_storage SET status = 'deleted', deleted_at = now()
        WHERE expires_at <= now() AND is_counted_file(status);
        RETURN 0;
      END $$`,
  },
  {
    name: "7-stored-meanwhile",
    what: "A file that was stored before its session ran out goes with the session.",
    sql: inFunction(
      "cleanup_expired_files",
      "f.expires_at <= at AND",
      `(f.expires_at <= at OR EXISTS (
        SELECT FROM multipart_uploads m WHERE m.file_storage_id = f.id AND m.expires_at <= at)) AND`,
    ),
  },
  {
    name: "7-deleted-twice",
    what: "Of two workers that delete a file, both have deleted it.",
    edits: [
      {
        file: "storage/src/files/delete-file.ts",
        from: '.where("f.status", "in", STORED_STATES)',
        to: "",
      },
    ],
  },
  {
    name: "10-part-pending-again",
    what: "Asking again for a part's URL sets a stored part back.",
    sql: `DROP TRIGGER upload_chunks_transition ON upload_chunks;
      CREATE FUNCTION set_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE upload_chunks SET status = 'pending'
        WHERE multipart_upload_id = NEW.multipart_upload_id AND chunk_number = NEW.chunk_number
          AND EXISTS (SELECT FROM multipart_uploads m WHERE m.id = NEW.multipart_upload_id AND m.status = 'active');
        RETURN NEW;
      END $$;
      CREATE TRIGGER set_back BEFORE INSERT ON upload_chunks FOR EACH ROW EXECUTE FUNCTION set_back()`,
  },
  {
    name: "11-fixed-parts",
    what: "Parts of 10 MiB, however many that makes.",
    sql: `ALTER TABLE multipart_uploads DROP CONSTRAINT multipart_uploads_total_chunks_check;
      CREATE OR REPLACE FUNCTION plan_part_size(file_size bigint, preferred bigint) RETURNS bigint
      LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT 10485760::bigint $$`,
  },
  {
    name: "11-ten-gigabytes-in-one-put",
    what: "What no store takes as one PUT is begun as one.",
    sql: inFunction("reserve_upload", "WHEN v_size > 5000000000 THEN 'multipart'", "WHEN false THEN NULL"),
  },
  {
    name: "11-empty-file",
    what: "A file of no bytes is taken.",
    sql: `ALTER TABLE file_storage DROP CONSTRAINT file_storage_file_size_check;
      ALTER TABLE multipart_uploads DROP CONSTRAINT multipart_uploads_total_file_size_check;
      ALTER TABLE multipart_uploads DROP CONSTRAINT multipart_uploads_chunk_size_check;
      ${inFunction("reserve_upload", "v_size IS NULL OR v_size <= 0", "v_size IS NULL")};
      ${inFunction("reserve_upload", "(v_size + v_part_size - 1) / v_part_size", "greatest(1, (v_size + v_part_size - 1) / greatest(v_part_size, 1))")}`,
  },
  {
    name: "15-never-stored",
    what: "Nothing ever becomes stored.",
    sql: `CREATE FUNCTION never_stored() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.status := OLD.status;
        RETURN NEW;
      END $$;
      CREATE TRIGGER a_never_stored BEFORE UPDATE ON file_storage FOR EACH ROW
        WHEN (NEW.status = 'stored' AND OLD.status = 'uploading') EXECUTE FUNCTION never_stored()`,
  },
  {
    name: "16-aborted-after-a-day",
    what: "A session that may live for three days is ended after one.",
    sql: `${CLEANUP} $$ BEGIN
        WITH gone AS (
          UPDATE multipart_uploads SET status = 'aborted'
          WHERE created_at <= now() - interval '24 hours' AND status IN ('creating', 'active')
          RETURNING file_storage_id)
        UPDATE file_storage f SET status = 'failed' FROM gone WHERE f.id = gone.file_storage_id;
        RETURN 0;
      END $$`,
  },
  {
    name: "16-never-aborted-at-the-store",
    what: "A session is said to be aborted, and its parts are left where they are.",
    edits: [
      {
        file: "storage/src/uploads/abort-at-store.ts",
        from: "if (!(await removeTraces(store, session))) {",
        to: "if (removeTraces === undefined || store === undefined) {",
      },
      {
        file: "storage/src/sweep/sweep-leftovers.ts",
        from: "return isOver(session);",
        to: "return isOver === undefined;",
      },
    ],
  },
  {
    name: "18-usage-keeps-what-is-deleted",
    what: "What was used stays counted after the files are gone.",
    sql: `CREATE OR REPLACE FUNCTION change_counter(
        p_scope text, p_scope_id uuid, p_used_bytes bigint, p_used_files integer, p_reserved_bytes bigint, p_reserved_files integer)
      RETURNS void LANGUAGE sql AS $$
        UPDATE storage_counters c
        SET used_bytes = c.used_bytes + greatest(p_used_bytes, 0), used_files = c.used_files + greatest(p_used_files, 0),
          reserved_bytes = c.reserved_bytes + p_reserved_bytes, reserved_files = c.reserved_files + p_reserved_files
        WHERE c.scope = p_scope AND c.scope_id = p_scope_id
      $$`,
  },
  {
    name: "18-uploads-not-counted",
    what: "Bytes that are being uploaded count for nothing.",
    sql: `DROP TRIGGER multipart_uploads_count_changed ON multipart_uploads;
      CREATE OR REPLACE FUNCTION reserve_quota(p_scope text, p_scope_id uuid, p_bytes bigint, p_files integer DEFAULT 1)
      RETURNS boolean LANGUAGE sql AS $$
        SELECT l.max_bytes IS NULL OR c.used_bytes + p_bytes <= l.max_bytes
        FROM quota_limits(p_scope, p_scope_id) l, storage_counters c
        WHERE c.scope = p_scope AND c.scope_id = p_scope_id
      $$`,
  },
  {
    name: "19-linked-though-not-there",
    what: "A half-uploaded or deleted file becomes processed.",
    sql: `DROP TRIGGER file_storage_transition ON file_storage;
      CREATE OR REPLACE FUNCTION link_audio_history_to_storage(audio_history_uuid uuid, file_storage_uuid uuid)
      RETURNS void LANGUAGE sql AS $$
        UPDATE file_storage SET status = 'processed', deleted_at = NULL WHERE id = file_storage_uuid
      $$`,
  },
  {
    name: "20-status-may-be-null",
    what: "NULL passes the CHECK on a status.",
    sql: `ALTER TABLE multipart_uploads ALTER COLUMN status DROP NOT NULL;
      ALTER TABLE file_storage ALTER COLUMN status DROP NOT NULL`,
  },
  {
    name: "20-is-primary-may-be-null",
    what: "A provider that is neither the primary one nor not.",
    sql: "ALTER TABLE storage_providers ALTER COLUMN is_primary DROP NOT NULL",
  },
];
