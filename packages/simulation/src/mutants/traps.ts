import type { Mutant } from "./mutant.ts";

const TOKEN = '.where("lease_token", "=", lease.token)';

/** What is easily done wrong. */
export const TRAPS: readonly Mutant[] = [
  {
    name: "no-lease",
    what: "Whoever is asked to complete does, whoever else is at it.",
    edits: [
      {
        file: "storage/src/uploads/lease.ts",
        from: 'eb.and([eb("status", "=", "completing"), eb("lease_expires_at", "<=", context.clock.now())]),',
        to: 'eb("status", "=", "completing"),',
      },
      { file: "storage/src/uploads/assemble-parts.ts", from: TOKEN, to: "" },
      {
        file: "storage/src/uploads/assemble-parts.ts",
        from: "if (session.completeSentAgoMs !== null) {",
        to: "if (session.completeSentAgoMs !== null && session.completeSentAgoMs > 600_000) {",
      },
    ],
  },
  {
    name: "status-trusted",
    what: "The answer to Complete is taken for the object.",
    edits: [
      {
        file: "storage/src/s3/multipart.ts",
        from: 'failure.status !== undefined ? "ended" : "unknown"',
        to: 'failure.status === 0 ? "ended" : ("answered" as "unknown")',
      },
      {
        file: "storage/src/uploads/assemble-parts.ts",
        from: "  return reconcile(context, store, session, uploadId, etag, 0);",
        to: '  return { outcome: "assembled", size: session.fileSize, etag: etag ?? "" };',
      },
      {
        file: "storage/src/uploads/complete-upload.ts",
        from: "const flaw = await findFlaw(session, {",
        to: "const flaw = await (async (..._: unknown[]) => (findFlaw === undefined ? session.error : undefined))(session, {",
      },
      {
        file: "storage/src/uploads/complete-upload.ts",
        from: "if (flaw !== undefined) return fail(context, store, session, lease, flaw);",
        to: "void flaw;",
      },
    ],
  },
  {
    name: "quota-checked-before",
    what: "The room is looked at in one statement, and taken in another.",
    sql: `CREATE OR REPLACE FUNCTION reserve_quota(p_scope text, p_scope_id uuid, p_bytes bigint, p_files integer DEFAULT 1)
      RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        UPDATE storage_counters c
        SET reserved_bytes = c.reserved_bytes + p_bytes, reserved_files = c.reserved_files + p_files
        WHERE c.scope = p_scope AND c.scope_id = p_scope_id;
        RETURN true;
      END $$`,
    edits: [
      {
        file: "storage/src/uploads/reserve.ts",
        from: "  const { rows } = await beginAgain(() =>",
        to: `  const { rows: [room] } = await sql<{ fits: boolean }>\`
    SELECT coalesce((coalesce(c.used_bytes + c.reserved_bytes, 0) + \${files.reduce((sum, { size }) => sum + size, 0)}::bigint
      <= l.max_bytes), true) AND coalesce(coalesce(c.used_files + c.reserved_files, 0) + 1 <= l.max_files, true) AS fits
    FROM quota_limits('user', \${caller.userId}::uuid) l
    LEFT JOIN storage_counters c ON c.scope = 'user' AND c.scope_id = \${caller.userId}::uuid\`.execute(work.db);
  if (room?.fits !== true) {
    return files.map(() => ({ outcome: "refused", error: new UploadError("quota_exceeded", "full") }));
  }
  const { rows } = await beginAgain(() =>`,
      },
    ],
  },
  {
    name: "abort-after-complete",
    what: "An upload is aborted though its Complete was sent.",
    edits: [
      {
        file: "storage/src/uploads/lease.ts",
        from: 'eb.and([eb("status", "in", ["active", "completing"]), eb("complete_sent_at", "is", null)]),',
        to: 'eb("status", "in", ["active", "completing"]),',
      },
    ],
  },
  {
    name: "part-regresses",
    what: "What a browser says of a part overwrites what is known.",
    sql: "DROP TRIGGER upload_chunks_transition ON upload_chunks",
    edits: [
      {
        file: "storage/src/uploads/record-parts.ts",
        from: "ON CONFLICT (multipart_upload_id, chunk_number) DO NOTHING",
        to: "ON CONFLICT (multipart_upload_id, chunk_number) DO UPDATE SET status = 'pending'",
      },
    ],
  },
];
