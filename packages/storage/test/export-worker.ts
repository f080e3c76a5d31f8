import { connect } from "@audiotricks/testing/database";
import { createStorage, type Database, openProviders, type SpacesProvider } from "../src/index.ts";

// A process that makes archives until none waits: to be killed.
const { databaseUrl, spaces } = JSON.parse(process.argv[2] ?? "{}") as {
  databaseUrl: string;
  spaces: SpacesProvider;
};
await using database = connect<Database>(databaseUrl, { max: 4 });
const { db } = database;
const providers = await openProviders({ db, spaces });
const storage = createStorage({ db, providers, settings: { leaseMs: 1_000 } });
const { done, failures } = await storage.exports.run();
await storage.close();
process.stdout.write(JSON.stringify({ done, failures }));
