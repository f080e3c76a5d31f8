import {
  DUMPS_PREFIX,
  type OpenedDump,
  OperatorError,
  openDump,
  readSpacesProvider,
  withDumpAt,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Site, Words } from "../command.ts";
import { openStorage } from "../open-storage.ts";
import { readSecret } from "../read-secret.ts";
import { requireKeyring } from "../require-keyring.ts";
import { backupProviderOf } from "./backup-provider.ts";

/** Where a dump is looked for. A bucket that no database tells of is named as for `provider add`. */
export const DUMP_OPTIONS = {
  from: { type: "string" },
  provider: { type: "string" },
  endpoint: { type: "string" },
  region: { type: "string" },
  bucket: { type: "string" },
  "access-key-id": { type: "string" },
  "secret-file": { type: "string" },
} as const;

/** Whether a dump is in a bucket that the database has to tell of. */
export function needsDatabase(words: Words): boolean {
  return isInBucket(words.required("from")) && words.text("endpoint") === undefined;
}

/** The dump that `--from` names, open for as long as `use` takes. @throws As `openDump` and `readDump`. */
export async function withDump<Result>(
  site: Pick<Site, "settings" | "terminal"> & { db?: Site["db"] },
  words: Words,
  use: (dump: OpenedDump & { from: string }) => Promise<Result>,
): Promise<Result> {
  const { settings, terminal, db } = site;
  const keyring = requireKeyring(settings);
  const from = words.required("from");
  const open = async (name: string, bytes: AsyncIterable<Uint8Array>) => {
    const dump = await openDump(bytes, keyring);
    try {
      return await use({ ...dump, from: name });
    } finally {
      await dump.content.return(undefined);
    }
  };
  if (!isInBucket(from)) return await open(from, readFile(site, from));
  if (words.text("endpoint") !== undefined) {
    const bucket = readSpacesProvider({
      SPACES_ENDPOINT: words.required("endpoint"),
      SPACES_REGION: words.required("region"),
      SPACES_BUCKET: words.required("bucket"),
      SPACES_KEY: words.required("access-key-id"),
      SPACES_SECRET: await readSecret(terminal, words.text("secret-file")),
    });
    if (bucket === undefined) throw new CliError("usage", "--endpoint is missing.");
    return await withDumpAt(bucket, from, ({ key, bytes }) => open(key, bytes));
  }
  if (db === undefined)
    throw new OperatorError(
      "backup_provider_missing",
      "Say where the dump is: --provider ID of a database that works, or --endpoint, --region, --bucket and --access-key-id.",
    );
  const providerId = await backupProviderOf({ db }, words);
  const storage = await openStorage({ db, settings });
  try {
    const { key, bytes } = await storage.dumps.read({ providerId, from, signal: terminal.interrupted });
    return await open(key, bytes);
  } finally {
    await storage.close();
  }
}

function isInBucket(from: string): boolean {
  return from === "latest" || from.startsWith(DUMPS_PREFIX);
}

async function* readFile({ terminal }: Pick<Site, "terminal">, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* terminal.read(file);
  } catch (cause) {
    throw new OperatorError(
      "dump_not_found",
      `The file ${file} cannot be read: name one that this user may read.`,
      {
        cause,
      },
    );
  }
}
