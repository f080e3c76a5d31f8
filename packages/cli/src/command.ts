import type { Database, Operator, OperatorEntry } from "@audiotricks/storage";
import type { Kysely } from "kysely";
import type { ExitCode } from "./exit-codes.ts";
import type { Settings } from "./settings.ts";

/** What the command is run in. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  /** Who typed it: `USER@HOST`, without control characters, for the audit log. */
  actor: string;
  /** Where `.env` is looked for. */
  directory: string;
  /** Whether stdin is a keyboard. */
  isTyped: boolean;
  /** Results. What takes long to be taken is waited for. */
  write: (text: string | Uint8Array) => void | Promise<void>;
  /** Sentences beside them. */
  say: (text: string | Uint8Array) => void;
  /** What a file holds that an argument names, `-` for stdin. Rejects as Node does. */
  read: (file: string) => AsyncIterable<Uint8Array>;
  /** Makes a file that only its owner reads, once all of it is there; rejects as Node does, also where it is there already. */
  save?: (file: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  now: () => Date;
  /** Aborted when somebody wants the command to end: it ends in order then. */
  interrupted: AbortSignal;
}

/** Values as parsed: text, whether a flag is there, or several texts; after the names, positionals. */
export interface Words {
  text(name: string): string | undefined;
  /** @throws {CliError} `usage`, if it is not there. */
  required(name: string): string;
  has(name: string): boolean;
  all(name: string): string[];
  /** Of what the command is about, where it takes one. */
  id(): string;
  /** Of what it is about, where that may be many: in lower case, each once. */
  ids(): string[];
}

/** An embedded database as far as its backup needs it. */
export interface EmbeddedEngine {
  dumpDataDir(compression: "gzip"): Promise<Blob>;
}

export interface Site {
  terminal: Terminal;
  settings: Settings;
  /** Connected; its schema is this release's, but for `migrate`. */
  db: Kysely<Database>;
  /** `undefined`: the database is a PostgreSQL server's. */
  embedded?: EmbeddedEngine | undefined;
  /** Whose doing it is, for the audit log. */
  by: Operator;
}

export interface Outcome {
  /** What `--json` prints, as one document. */
  json: unknown;
  /** The same for people. */
  text: string;
  exitCode?: ExitCode;
  /** The text is said beside the results, which were written already. */
  isAside?: boolean;
}

export interface Command {
  /** One word or two. */
  name: string;
  /** After the name, as the help shows it. */
  synopsis: string;
  summary: string;
  options: Readonly<Record<string, { type: "string" | "boolean"; multiple?: boolean }>>;
  /** Takes the id of what it is about; `"many"`: any number of them, none as well. */
  takesId?: boolean | "many";
  /** Works on a database that lacks migrations. */
  needsNoSchema?: boolean;
  /** What it is about to change, so that a refusal is written down as well; `undefined`: it only looks. */
  changes?(words: Words): Pick<OperatorEntry, "action" | "resourceId"> | undefined;
  /** Talks to buckets, so that a store that is local must be there. */
  needsStore?: boolean;
  /** What it can do without a database, which is then not opened; `undefined`: nothing, with these words. */
  alone?(site: Omit<Site, "db" | "by">, words: Words): Promise<Outcome> | undefined;
  run(site: Site, words: Words): Promise<Outcome>;
}
