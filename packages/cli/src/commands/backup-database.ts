import { createHash, randomUUID } from "node:crypto";
import { type DumpAbout, readDatabaseFacts, sealDump } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome, Site } from "../command.ts";
import { backupProviderOf } from "../dumps/backup-provider.ts";
import { dumpSourceOf } from "../dumps/database-place.ts";
import { openStorage } from "../open-storage.ts";
import { recordAround } from "../record-around.ts";
import { requireKeyring } from "../require-keyring.ts";

export const backupDatabase: Command = {
  name: "backup database",
  synopsis: "[--provider ID | --to-file FILE]",
  summary:
    "Puts all of the database into the bucket for backups, sealed with the first key of STORAGE_ENCRYPTION_KEY: keep that key elsewhere, since nothing opens it without. --to-file makes a file instead (- is stdout), of which no row tells and which no policy deletes.",
  options: { provider: { type: "string" }, "to-file": { type: "string" } },
  needsStore: true,
  changes: () => ({ action: "backupDatabase" }),
  run: async (site, words) => {
    requireKeyring(site.settings);
    const file = words.text("to-file");
    if (file !== undefined && words.text("provider") !== undefined)
      throw new CliError("usage", "Give --provider or --to-file, not both.");
    if (file === "-" && words.has("json"))
      throw new CliError("usage", "--to-file - has stdout for itself: use it without --json.");
    if (file !== undefined) return await backUpToFile(site, file);
    const providerId = await backupProviderOf(site, words);
    return await backUpToBucket(site, providerId);
  },
};

interface Made extends Omit<DumpAbout, "deploymentId"> {
  keyId: string;
  key: string | null;
  file: string | null;
  size: number;
  sha256: string;
}

async function backUpToBucket(site: Site, providerId: string): Promise<Outcome> {
  const storage = await openStorage(site);
  try {
    const create = async (): Promise<Made> => {
      const keyring = requireKeyring(site.settings);
      const dump = await storage.dumps.create({
        source: dumpSourceOf(site),
        providerId,
        keyring,
        signal: site.terminal.interrupted,
      });
      const { state: _state, endedAt: _endedAt, providerId: _providerId, startedAt, ...made } = dump;
      return { ...made, startedAt: startedAt.toISOString(), file: null };
    };
    const made = await recordAround(
      site,
      { action: "backupDatabase", resourceId: providerId },
      create,
      (json) => json,
    );
    return { json: made, text: describe(made) };
  } finally {
    await storage.close();
  }
}

async function backUpToFile(site: Site, file: string): Promise<Outcome> {
  const { terminal, settings, db } = site;
  const keyring = requireKeyring(settings);
  const source = dumpSourceOf(site);
  const { startedAt, ...facts } = await readDatabaseFacts(db);
  const about = { id: randomUUID(), engine: source.engine, startedAt: startedAt.toISOString(), ...facts };
  const hash = createHash("sha256");
  let size = 0;
  async function* sealed(): AsyncGenerator<Uint8Array> {
    for await (const piece of sealDump(
      source.open(about.serverVersion, terminal.interrupted),
      about,
      keyring,
    )) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  }
  const create = async (): Promise<Made> => {
    await write(site, file, sealed());
    const { deploymentId: _deploymentId, ...made } = about;
    return { ...made, keyId: keyring[0].id, key: null, file, size, sha256: hash.digest("hex") };
  };
  const made = await recordAround(site, { action: "backupDatabase" }, create, (json) => json);
  return { json: made, text: describe(made), isAside: file === "-" };
}

async function write({ terminal }: Site, file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (file === "-") {
    for await (const piece of bytes) await terminal.write(piece);
    return;
  }
  if (terminal.save === undefined)
    throw new CliError(
      "usage",
      "The server that runs makes this, and writes no files for others: use --to-file - > FILE.",
    );
  try {
    await terminal.save(file, bytes);
  } catch (cause) {
    const code =
      cause instanceof Error && "syscall" in cause && "code" in cause ? String(cause.code) : undefined;
    if (code === undefined) throw cause;
    throw new CliError(
      "file_not_written",
      code === "EEXIST"
        ? `There is a file ${file} already, which is left as it is: name another one.`
        : `The file ${file} cannot be written (${code}): name one where this user may write.`,
      { cause },
    );
  }
}

function describe({ key, file, size, id, engine, serverVersion, migration, keyId }: Made): string {
  return [
    `${key ?? file}: ${size} bytes, dump ${id} of ${engine === "pglite" ? "PGlite" : "PostgreSQL"} ${serverVersion} at ${migration}.`,
    `It opens with key ${keyId} of STORAGE_ENCRYPTION_KEY alone: keep that one where this database is not.`,
  ].join("\n");
}
