export { migrate, pendingMigrations } from "./migrate.ts";
export { type MigrationFile, readMigrationFiles } from "./migration-files.ts";
