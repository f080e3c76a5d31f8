import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import type { Database, SpacesProvider } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import { EmbeddedError } from "./embedded-error.ts";
import { localSecret } from "./local-secret.ts";

export interface LocalSpaces {
  provider: SpacesProvider;
  close: () => Promise<void>;
}

const BUCKET = "audiotricks-local";

/**
 * The local Spaces, its objects under the data directory.
 *
 * @param options.publicHost Where browsers find it: signed URLs say this name.
 * @param options.faultToken Who may make things go wrong there.
 * @throws {EmbeddedError} If its port is taken.
 */
export async function openLocalSpaces(options: {
  dataDir: string;
  host: string;
  port: number;
  publicHost: string;
  faultToken?: string | undefined;
}): Promise<LocalSpaces> {
  const { dataDir, host, port, publicHost, faultToken } = options;
  const credentials = { accessKeyId: "local", secretAccessKey: localSecret(dataDir, "spaces-secret-key") };
  try {
    const emulator = await startSpacesEmulator({
      host,
      port,
      dataDir: join(dataDir, "spaces"),
      credentials: [credentials],
      ...(faultToken === undefined ? {} : { faultToken }),
    });
    const endpoint = `http://${publicHost}:${emulator.port}`;
    const provider = { endpoint, region: "us-east-1", bucket: BUCKET, ...credentials, forcePathStyle: true };
    return { provider, close: async () => await emulator.close() };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new EmbeddedError(
      `Port ${port}, the local store's, is in use. Stop what listens there, or set EMULATOR_PORT to another one.`,
      { cause },
    );
  }
}

/** The same bucket under another port: its files stay where they are, so its row must follow. */
export async function followLocalSpaces(db: Kysely<Database>, { endpoint }: SpacesProvider): Promise<void> {
  await sql`
    UPDATE storage_providers SET endpoint_url = ${endpoint}
    WHERE bucket_name = ${BUCKET} AND secret_access_key_encrypted = 'env:' AND endpoint_url <> ${endpoint}
  `.execute(db);
}
