import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { UploadError } from "@audiotricks/protocol";
import {
  type DigitalOceanAccess,
  readKeyring,
  readSpacesProvider,
  type ScanPolicy,
  type SpacesProvider,
} from "@audiotricks/storage";
import { CliError } from "./cli-error.ts";
import type { Terminal } from "./command.ts";

/** The server's own, as far as a command beside it needs them. */
export interface Settings {
  /** `undefined`: the server's database is the embedded one. */
  databaseUrl: string | undefined;
  dataDir: string;
  /** Of the local store, where this command has to start it. */
  emulatorPort: number;
  /** A keyring: the first key seals. */
  encryptionKey: string | undefined;
  allowInternalEndpoints: boolean;
  spaces: SpacesProvider | undefined;
  /** Exact origins of pages that upload. */
  origins: string[];
  /** Where `pg_dump` and `pg_restore` are; `undefined`: where they usually are. */
  postgresBin?: string | undefined;
  /** To make CDN endpoints. */
  digitalOcean: DigitalOceanAccess | undefined;
  /** What a server with these settings writes for all of them at its start. */
  scanPolicy: ScanPolicy;
}

/**
 * From the environment, which wins, or from `.env` in the working directory. A setting that is empty is not there.
 *
 * @throws {CliError} `settings`, naming the setting and the mend.
 */
export function readSettings({ env: environment, directory }: Pick<Terminal, "env" | "directory">): Settings {
  const all = { ...readEnvFile(join(directory, ".env")), ...present(environment) };
  const env = present(all);
  const databaseUrl = env.DATABASE_URL;
  if (databaseUrl !== undefined && !/^postgres(ql)?:$/.test(URL.parse(databaseUrl)?.protocol ?? ""))
    throw new CliError(
      "settings",
      "DATABASE_URL must be a URL such as postgres://user:password@host:5432/name.",
    );
  try {
    return {
      databaseUrl,
      dataDir: resolve(directory, env.DATA_DIR ?? ".data"),
      emulatorPort: readPort(env, "EMULATOR_PORT", 9000),
      encryptionKey: readKeyring(env),
      allowInternalEndpoints: readSwitch(env, "STORAGE_ALLOW_INTERNAL_ENDPOINTS"),
      spaces: readSpacesProvider(env),
      origins: [...(env.ALLOWED_ORIGINS?.split(",") ?? []), env.PUBLIC_URL ?? ""]
        .map((origin) => origin.trim().replace(/\/$/, ""))
        .filter((origin) => origin !== ""),
      postgresBin: env.POSTGRES_BIN,
      digitalOcean: env.DIGITALOCEAN_TOKEN
        ? { token: env.DIGITALOCEAN_TOKEN, apiOrigin: env.DIGITALOCEAN_API_URL?.replace(/\/$/, "") }
        : undefined,
      scanPolicy: readPolicy(env),
    };
  } catch (cause) {
    if (cause instanceof UploadError) throw new CliError("settings", cause.message, { cause });
    throw cause;
  }
}

function readPolicy(env: Terminal["env"]): ScanPolicy {
  if (env.CLAMD_ADDRESS === undefined) return "off";
  return readSwitch(env, "SCAN_REQUIRED", "true") ? "before" : "after";
}

function readSwitch(env: Terminal["env"], name: string, byDefault = "false"): boolean {
  const value = env[name] ?? byDefault;
  if (value !== "true" && value !== "false") throw new CliError("settings", `${name} must be true or false.`);
  return value === "true";
}

function readPort(env: Terminal["env"], name: string, byDefault: number): number {
  const value = env[name] ?? String(byDefault);
  if (!/^\s*\d{1,5}\s*$/.test(value) || Number(value) > 65_535)
    throw new CliError("settings", `${name} must be a port, from 0 to 65535.`);
  return Number(value);
}

function present(env: Terminal["env"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value] as const] : [])),
  );
}

function readEnvFile(path: string): Record<string, string | undefined> {
  try {
    // Some editors begin a file with U+FEFF, which would become part of the first setting's name.
    return parseEnv(readFileSync(path, "utf8").replace(/^\ufeff/, ""));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new CliError(
      "settings",
      `Cannot read the settings in ${path}: make it a file that this user may read, or remove it.`,
      { cause },
    );
  }
}
