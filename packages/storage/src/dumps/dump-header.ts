import { randomBytes } from "node:crypto";
import { z } from "zod";
import { OperatorError } from "../operator/operator-error.ts";
import { DATA_KEY_LENGTH, decrypt, encrypt } from "../providers/aes-gcm.ts";
import type { EnvelopeKey, Keyring } from "../providers/keyring.ts";
import type { ByteQueue } from "./byte-queue.ts";

/** First of all: what it is. Four bytes with the header's length follow, then the header, as JSON. */
const MAGIC = Buffer.from("ATDUMP\r\n");
const FORMAT = 1;
const LENGTH_BYTES = 4;
const MAX_HEADER_BYTES = 4096;

const about = z.strictObject({
  id: z.uuid(),
  /** Whose it is: a database that was restored is of the deployment that it was dumped from. */
  deploymentId: z.uuid(),
  engine: z.enum(["postgres", "pglite"]),
  /** Of the server, such as `15.14`. */
  serverVersion: z.string().regex(/^\d+\.\d+/),
  /** The last one that its schema had. */
  migration: z.string().min(1).max(200),
  startedAt: z.iso.datetime(),
});

const sealedHeader = about.extend({
  format: z.literal(FORMAT),
  /** Of the keyring's key that the data key is sealed with. */
  keyId: z.string().regex(/^[0-9a-f]{8}$/),
  wrappedKey: z.base64().length(80),
});

/** What a dump says of itself, to be read without any key; whether it says so rightly its first frame proves. */
export type DumpAbout = z.infer<typeof about>;

export interface DumpHeader extends DumpAbout {
  keyId: string;
}

interface Sealing {
  /** With all that stands before the frames, to which each of them is bound. */
  bytes: Buffer;
  header: DumpHeader;
  dataKey: Buffer;
}

/** A new data key for one dump, sealed with the key that seals. */
export function sealHeader(dump: DumpAbout, key: EnvelopeKey): Sealing {
  const dataKey = randomBytes(DATA_KEY_LENGTH);
  const header = { ...dump, keyId: key.id };
  const wrappedKey = encrypt(dataKey, key.bytes, keyContext(header)).toString("base64");
  const json = Buffer.from(JSON.stringify({ format: FORMAT, ...header, wrappedKey }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return { bytes: Buffer.concat([MAGIC, length, json]), header, dataKey };
}

/** @throws {OperatorError} `dump_unreadable`, `dump_truncated`. Nothing of what it says is proved yet. */
export async function readHeader(
  queue: ByteQueue,
): Promise<{ bytes: Buffer; header: DumpHeader; wrappedKey: string }> {
  const start = queue.take(
    Math.min(await queue.fill(MAGIC.length + LENGTH_BYTES), MAGIC.length + LENGTH_BYTES),
  );
  if (!start.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, start.length))) throw unreadable();
  if (start.length < MAGIC.length + LENGTH_BYTES) throw truncated();
  const length = start.readUInt32BE(MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw unreadable();
  if ((await queue.fill(length)) < length) throw truncated();
  const json = queue.take(length);
  const { wrappedKey, format: _format, ...header } = parse(json.toString("utf8"));
  return { bytes: Buffer.concat([start, json]), header, wrappedKey };
}

/** @throws {OperatorError} `dump_key_missing`, `dump_changed`. */
export function openDataKey(header: DumpHeader, wrappedKey: string, keyring: Keyring): Buffer {
  const key = keyring.find(({ id }) => id === header.keyId);
  if (key === undefined)
    throw new OperatorError(
      "dump_key_missing",
      `The dump was sealed with key ${header.keyId}, and STORAGE_ENCRYPTION_KEY has ${keyring.map(({ id }) => id).join(", ")}: add that key behind the first one.`,
    );
  try {
    return decrypt(Buffer.from(wrappedKey, "base64"), key.bytes, keyContext(header));
  } catch (cause) {
    throw changed(cause);
  }
}

export function changed(cause?: unknown): OperatorError {
  return new OperatorError("dump_changed", "The dump is not as it was made: take another one.", { cause });
}

export function truncated(): OperatorError {
  return new OperatorError("dump_truncated", "The dump ends too early: its end was lost. Take another one.");
}

function unreadable(cause?: unknown): OperatorError {
  return new OperatorError(
    "dump_unreadable",
    "This is no dump of a database that this release can read: name one that backup database has made.",
    { cause },
  );
}

function parse(json: string): z.infer<typeof sealedHeader> {
  try {
    return sealedHeader.parse(JSON.parse(json));
  } catch (cause) {
    throw unreadable(cause);
  }
}

function keyContext({ id, keyId }: Pick<DumpHeader, "id" | "keyId">): string {
  return `database_dumps/${FORMAT}/${id}/${keyId}`;
}
