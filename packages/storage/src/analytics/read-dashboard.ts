import type { DashboardResponse } from "@audiotricks/protocol/admin";
import { sql } from "kysely";
import { isoOf, numberOf, numberOrNull } from "./period.ts";
import type { Read } from "./read-bounded.ts";

const MOST = 200;

/** The view `storage_performance_dashboard`, the fullest bucket first. */
export const readDashboard: Read<DashboardResponse> = async (db) => {
  const rows = await db
    .selectFrom("storage_performance_dashboard")
    .selectAll()
    .select(sql<Date>`now()`.as("at"))
    .orderBy("total_size_bytes", "desc")
    .orderBy("storage_provider_id")
    .limit(MOST)
    .execute();
  return {
    at: isoOf(rows[0]?.at ?? new Date()),
    providers: rows.map((row) => ({
      providerId: row.storage_provider_id ?? "",
      providerName: row.provider_name ?? "",
      region: row.region ?? "",
      bucket: row.bucket_name ?? "",
      files: numberOf(row.total_files),
      bytes: numberOf(row.total_size_bytes),
      audioFiles: numberOf(row.audio_files),
      audioBytes: numberOf(row.audio_size_bytes),
      exportFiles: numberOf(row.export_files),
      exportBytes: numberOf(row.export_size_bytes),
      filesStored24h: numberOf(row.files_uploaded_24h),
      downloads: numberOf(row.total_downloads),
      lastAccessAt: isoOf(row.last_access),
      operations: numberOf(row.total_operations),
      failedOperations: numberOf(row.failed_operations),
      successRate: numberOrNull(row.success_rate),
      avgUploadMs: numberOrNull(row.avg_upload_time_ms),
      p50UploadMs: numberOrNull(row.p50_upload_time_ms),
      p95UploadMs: numberOrNull(row.p95_upload_time_ms),
      avgDownloadMs: numberOrNull(row.avg_download_time_ms),
      avgClientUploadMs: numberOrNull(row.avg_client_upload_time_ms),
      p50ClientUploadMs: numberOrNull(row.p50_client_upload_time_ms),
      p95ClientUploadMs: numberOrNull(row.p95_client_upload_time_ms),
      estimatedMonthlyCostUsd: numberOf(row.estimated_monthly_storage_cost_usd),
      periodStart: isoOf(row.period_start ?? new Date()),
    })),
  };
};
