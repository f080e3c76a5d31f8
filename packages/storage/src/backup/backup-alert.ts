import { sql } from "kysely";
import { type AlertSource, MAX_BREACHES } from "../alerts/alert-source.ts";

/** Hours since all files of a bucket had their copies; of a backup that was never filled, since it was added. */
export const backupFailing: AlertSource = async ({ db, clock }, threshold) => {
  const { rows } = await sql<{
    id: string;
    bucket: string;
    hours: number;
    failed: number;
    isFilled: boolean;
  }>`
    SELECT b.backup_provider_id AS id, p.bucket_name AS bucket, max(a.hours)::integer AS hours, max(g.failed)::integer AS failed,
      bool_and(g.recovery_point IS NOT NULL) AS "isFilled"
    FROM storage_backups b
    JOIN backup_progress g USING (storage_provider_id, backup_provider_id)
    JOIN storage_providers p ON p.id = b.backup_provider_id
    CROSS JOIN LATERAL (
      SELECT floor(extract(epoch FROM ${clock.now()} - coalesce(g.recovery_point, b.created_at)) / 3600) AS hours) a
    WHERE a.hours > ${threshold}
    GROUP BY b.backup_provider_id, p.bucket_name
    ORDER BY hours DESC, id
    LIMIT ${MAX_BREACHES}`.execute(db);
  return rows.map(({ id, bucket, hours, failed, isFilled }) => ({
    subject: `provider:${id}`,
    value: hours,
    message: `${isFilled ? `Files that were stored ${hours} hours ago have no copy in ${bucket} yet` : `${bucket} was never filled with copies, for ${hours} hours`}${failed > 0 ? `; ${failed} could not be copied` : ""}. See why: audiotricks-storage backup status.`,
  }));
};
