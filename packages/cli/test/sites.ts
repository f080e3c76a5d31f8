import { tmpdir } from "node:os";
import type { Database, SpacesProvider } from "@audiotricks/storage";
import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import type { CommandSite } from "../src/run-cli.ts";
import { ENCRYPTION_KEY } from "./run-command.ts";

const ENGINES = [
  ["PostgreSQL", () => createTestDatabase<Database>()],
  ["PGlite", () => createPgliteDatabase<Database>()],
] as const;

/** A server's database and settings, as a command gets them that is run in it. */
export const SITES = ENGINES.map(([engine, open]) => ({
  engine,
  open: async (spaces?: SpacesProvider) => {
    const database = await open();
    const { db } = database;
    const settings = {
      databaseUrl: undefined,
      dataDir: tmpdir(),
      emulatorPort: 0,
      encryptionKey: ENCRYPTION_KEY,
      allowInternalEndpoints: true,
      spaces,
      origins: ["https://app.example.com"],
      digitalOcean: undefined,
      scanPolicy: "off" as const,
    };
    const site: CommandSite = { db, settings };
    return { db, site, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  },
}));
