import type { TestProject } from "vitest/node";
import { createTemplate } from "./database.ts";
import { startPostgres } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/**
 * Vitest's global setup: one PostgreSQL for the run, with the migrated template in it. Uses the server at
 * `TEST_POSTGRES_URL` where that is set; tests find the URL there, or by `inject("postgresUrl")`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_POSTGRES_URL;
  const postgres = given === undefined ? await startPostgres() : undefined;
  const url = postgres?.url ?? given ?? "";
  try {
    await createTemplate(url);
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
  process.env.TEST_POSTGRES_URL = url;
  project.provide("postgresUrl", url);
  return async () => {
    if (postgres === undefined) return;
    delete process.env.TEST_POSTGRES_URL;
    await postgres.stop();
  };
}
