import type { Evidence } from "../open-site.ts";
import { COUNTED } from "../watch-counters.ts";

interface SessionRow {
  id: string;
  status: string;
  method: string;
  file_id: string;
  file_status: string;
  parts_left: string;
}

/** 1, 2, 6, 7, 8 and 11: what people were told is so, once; every session has come to an end that its file agrees with. */
export async function checkAnswers({ pool, ledger }: Evidence): Promise<void> {
  const { rows: sessions } = await pool.query<SessionRow>(
    `SELECT m.id, m.status, m.upload_method AS method, m.file_storage_id AS file_id, f.status AS file_status,
       (SELECT count(*) FROM upload_chunks c WHERE c.multipart_upload_id = m.id AND c.status <> 'completed') AS parts_left
     FROM multipart_uploads m JOIN file_storage f ON f.id = m.file_storage_id`,
  );
  const known = new Map(sessions.map((session) => [session.id, session]));
  for (const { id, status, file_status: file, parts_left: left } of sessions) {
    const hasFile = COUNTED.includes(file) || file === "deleted";
    if (!["completed", "aborted", "failed"].includes(status))
      ledger.wrong(`5: session ${id} is ${status} for ever`);
    if (hasFile !== (status === "completed"))
      ledger.wrong(`2: session ${id} is ${status}, and its file ${file}`);
    if (status === "completed" && Number(left) > 0)
      ledger.wrong(`8: session ${id} is completed, and ${left} of its parts are not`);
  }
  const { rows: files } = await pool.query<{ id: string; status: string }>(
    "SELECT id, status FROM file_storage",
  );
  const statusOf = new Map(files.map(({ id, status }) => [id, status]));
  for (const file of ledger.files.values()) {
    const { name, acknowledged, saidAborted, isDeleteAsked, isSaidDeleted } = file;
    const status = statusOf.get(acknowledged?.id ?? "");
    if (acknowledged !== undefined && !isDeleteAsked && !COUNTED.includes(status ?? ""))
      ledger.wrong(`1: ${name} was acknowledged as ${acknowledged.id}, which is ${status}`);
    if (isSaidDeleted && status !== "deleted")
      ledger.wrong(`11: ${name} was said to be deleted, and is ${status}`);
    for (const sessionId of saidAborted)
      if (known.get(sessionId)?.status !== "aborted")
        ledger.wrong(
          `7: ${name} was said to be cancelled, and its session is ${known.get(sessionId)?.status}`,
        );
  }
  const { rows: audits } = await pool.query<{ id: string; status: string; stored: string; deleted: string }>(
    `SELECT f.id, f.status, count(*) FILTER (WHERE a.action = 'file_stored') AS stored,
       count(*) FILTER (WHERE a.action = 'file_deleted') AS deleted
     FROM file_storage f LEFT JOIN audit_logs a ON a.resource_id::text = f.id::text GROUP BY f.id`,
  );
  for (const { id, status, stored, deleted } of audits) {
    const expected = COUNTED.includes(status) || status === "deleted" ? 1 : 0;
    if (Number(stored) !== expected)
      ledger.wrong(`6: file ${id} is ${status}, and was stored ${stored} times`);
    if (Number(deleted) !== (status === "deleted" ? 1 : 0))
      ledger.wrong(`11: file ${id} is ${status}, and was deleted ${deleted} times`);
  }
  const { rows: failures } = await pool.query<{ why: string; count: string }>(
    `SELECT error_code || ': ' || coalesce(error_message, '') AS why, count(*) FROM multipart_uploads
     WHERE status = 'failed' GROUP BY why`,
  );
  for (const { why, count } of failures) ledger.count(`failed sessions, ${why}`, Number(count));
}
