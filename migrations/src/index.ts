export { migrate, pendingMigrations } from "./migrate.ts";
export { JOBS_SCHEMA, type JobsSchema, migrateJobs } from "./migrate-jobs.ts";
export { type MigrationFile, readMigrationFiles } from "./migration-files.ts";
