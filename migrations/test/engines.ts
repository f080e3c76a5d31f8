import { createPgliteDatabase, createTestDatabase, type PgliteDatabase } from "@audiotricks/testing/database";

/** What behaves alike on both: the server that deployments run on, and the embedded default. */
export const ENGINES: { engine: string; open: () => Promise<PgliteDatabase<unknown>> }[] = [
  { engine: "PostgreSQL", open: () => createTestDatabase<unknown>() },
  { engine: "PGlite", open: () => createPgliteDatabase<unknown>() },
];
