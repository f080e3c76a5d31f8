import { createEmptyDatabase, createEmptyPglite, type PgliteDatabase } from "@audiotricks/testing/database";
import { seedProvider } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { migrate } from "../src/index.ts";
import { miscounted, rowsOf } from "./reserve.ts";
import { execute } from "./specification.ts";

/** A host with as few columns as we can work with. */
const NARROW = `
  CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
  CREATE TABLE workspaces (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
  CREATE TABLE workspace_members (workspace_id uuid REFERENCES workspaces (id), user_id uuid REFERENCES users (id));
  CREATE TABLE audit_logs (id serial PRIMARY KEY, action text, resource text, resource_id uuid);
  CREATE TABLE audio_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
  CREATE TABLE audio_uploads (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), original_filename text, file_size bigint,
    mime_type text, user_id uuid, workspace_id uuid)`;

/** A host with narrower types, more columns, and rules and triggers of its own. */
const WIDE = `
  CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(255) UNIQUE,
    password_hash text NOT NULL DEFAULT 'x', deleted_at timestamp);
  CREATE TABLE workspaces (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(80) NOT NULL DEFAULT 'Shared',
    is_active boolean, settings jsonb NOT NULL DEFAULT '{}', owner_id uuid REFERENCES users (id) ON DELETE SET NULL);
  CREATE TABLE workspace_members (id serial PRIMARY KEY, workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE, role varchar(20) NOT NULL DEFAULT 'owner', UNIQUE (workspace_id, user_id));
  CREATE TABLE audit_logs (id bigserial PRIMARY KEY, user_id uuid, action varchar(100) NOT NULL, resource varchar(100) NOT NULL,
    resource_id uuid, category varchar(50), details jsonb, ip inet);
  CREATE TABLE audio_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    audio_url varchar(1000), cdn_url varchar(1000), file_size_bytes integer, transcript text);
  CREATE TABLE audio_uploads (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE, original_filename varchar(500) NOT NULL, file_size integer NOT NULL,
    mime_type varchar(100), storage_path varchar(1000), storage_url varchar(1000), multipart_session_id varchar(255));
  CREATE INDEX idx_audio_uploads_user ON audio_uploads (user_id)`;

const HOSTS = [
  { host: "narrow", tables: NARROW },
  { host: "wide", tables: WIDE },
];
const EMPTY: { engine: string; open: () => Promise<PgliteDatabase<unknown>> }[] = [
  { engine: "PostgreSQL", open: () => createEmptyDatabase<unknown>() },
  { engine: "PGlite", open: () => createEmptyPglite<unknown>() },
];

describe.each(EMPTY.flatMap((engine) => HOSTS.map((host) => ({ ...engine, ...host }))))(
  "$host host tables on $engine",
  ({ open, tables }) => {
    it("stay with all their rows, and get what we need", async () => {
      await using database = await open();
      const { db } = database;
      await execute(db, tables);
      const [user] = await rowsOf(db, sql<{ id: string }>`INSERT INTO users DEFAULT VALUES RETURNING id`);
      const [workspace] = await rowsOf(
        db,
        sql<{ id: string }>`INSERT INTO workspaces DEFAULT VALUES RETURNING id`,
      );
      await sql`INSERT INTO workspace_members (workspace_id, user_id) VALUES (${workspace?.id}, ${user?.id})`.execute(
        db,
      );
      const [old] = await rowsOf(
        db,
        sql<{ id: string }>`
          INSERT INTO audio_uploads (original_filename, file_size, user_id) VALUES ('old.mp3', 7, ${user?.id}) RETURNING id`,
      );
      await sql`INSERT INTO audio_history DEFAULT VALUES`.execute(db);

      await migrate(db);
      expect(
        await rowsOf(
          db,
          sql`SELECT original_filename, file_storage_id FROM audio_uploads WHERE id = ${old?.id}`,
        ),
      ).toEqual([{ original_filename: "old.mp3", file_storage_id: null }]);

      await seedProvider(db);
      await sql`UPDATE workspaces SET is_active = true`.execute(db);
      const [born] = await rowsOf(
        db,
        sql<{ file: string; session: string; path: string }>`
          INSERT INTO audio_uploads (original_filename, file_size, user_id, workspace_id)
          VALUES ('new.mp3', 9, ${user?.id}, ${workspace?.id})
          RETURNING file_storage_id AS file, multipart_session_id AS session, storage_path AS path`,
      );
      expect(born?.path).toMatch(/^audio\/uploads\/\d{4}\/\d{2}\/[0-9a-f-]{36}\.mp3$/);
      await sql`UPDATE multipart_uploads SET status = 'active' WHERE id = ${born?.session}`.execute(db);
      await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${born?.session}`.execute(
        db,
      );
      await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${born?.file}`.execute(db);
      await sql`SELECT link_audio_history_to_storage(id, ${born?.file}) FROM audio_history`.execute(db);
      expect(
        await rowsOf(db, sql`SELECT audio_url, file_size_bytes::integer AS size FROM audio_history`),
      ).toEqual([{ audio_url: `/v1/files/${born?.file}/content`, size: 9 }]);
      expect(
        await rowsOf(
          db,
          sql`SELECT total_size_bytes AS bytes FROM workspace_storage_usage WHERE workspace_id = ${workspace?.id}`,
        ),
      ).toEqual([{ bytes: 9 }]);
      expect(await miscounted(db)).toEqual([]);

      // The host's own rules stand: what refers to the workspace goes first where it does not cascade.
      await sql`DELETE FROM workspace_members`.execute(db);
      await sql`DELETE FROM workspaces WHERE id = ${workspace?.id}`.execute(db);
      await sql`DELETE FROM users WHERE id = ${user?.id}`.execute(db);
      expect(
        await rowsOf(db, sql`SELECT status, user_id, former_user_id, former_workspace_id FROM file_storage`),
      ).toEqual([
        { status: "deleting", user_id: null, former_user_id: user?.id, former_workspace_id: workspace?.id },
      ]);
      expect(await miscounted(db)).toEqual([]);
    });
  },
);
