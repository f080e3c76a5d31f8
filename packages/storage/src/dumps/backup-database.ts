import { UploadError } from "@audiotricks/protocol";
import { OperatorError } from "../operator/operator-error.ts";
import type { Keyring } from "../providers/keyring.ts";
import { putStream } from "../s3/put-stream.ts";
import type { StorageContext } from "../storage-context.ts";
import {
  claimDump,
  type Dump,
  type DumpClaim,
  giveUpAbandoned,
  RENEW_MS,
  renewDump,
  settleFailed,
  settleStored,
} from "./dump-rows.ts";
import type { DumpSource } from "./dump-source.ts";
import { sealDump } from "./sealed-dump.ts";

export type StoredDump = Dump & { state: "stored"; sha256: string };

/** Holds this much of a dump in memory at most, however large that is. */
const MEMORY = 32 * 1024 * 1024;

/**
 * A dump of the whole database, sealed, in a bucket. The row comes first, so that whatever ends this in the middle leaves something
 * that `retainDumps` finds.
 *
 * @throws {OperatorError} `dump_running`, `dump_failed`, `dump_tools_missing`; {UploadError} `storage_unavailable`, `no_provider`.
 *   Nothing of it is in the bucket then, or will be taken away; other dumps are untouched.
 */
export async function backUpDatabase(
  context: StorageContext,
  options: { source: DumpSource; providerId: string; keyring: Keyring; signal?: AbortSignal | undefined },
): Promise<StoredDump> {
  const { source, providerId, keyring } = options;
  // A provider that does not open is known before anything is made.
  await context.stores.of(providerId);
  await giveUpAbandoned(context);
  const [{ id: keyId }] = keyring;
  const claim = await claimDump(context, { providerId, engine: source.engine, keyId, asOf: source.asOf });
  const ours = new AbortController();
  const renewal = setInterval(() => {
    renewDump(context, claim).then(
      (isOurs) =>
        isOurs || ours.abort(new OperatorError("dump_failed", "Another process gave this backup up.")),
      context.onError,
    );
  }, RENEW_MS);
  try {
    const signal = options.signal ? AbortSignal.any([options.signal, ours.signal]) : ours.signal;
    const { size, sha256 } = await write(context, claim, { ...options, signal });
    await settleStored(context, claim.id, { size, sha256 });
    const { key, about } = claim;
    const { deploymentId: _deployment, startedAt, ...facts } = about;
    return {
      ...facts,
      providerId,
      key,
      keyId,
      startedAt: new Date(startedAt),
      state: "stored",
      size,
      sha256,
      endedAt: new Date(),
    };
  } catch (error) {
    await settleFailed(context, claim, codeOf(error)).catch(context.onError);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

async function write(
  { stores }: StorageContext,
  { key, about }: DumpClaim,
  { source, providerId, keyring, signal }: Parameters<typeof backUpDatabase>[1] & { signal: AbortSignal },
) {
  // Users' calls go first.
  const { s3 } = await stores.forSweep(signal).of(providerId);
  const content = source.open(about.serverVersion, signal);
  return await putStream(s3, {
    key,
    contentType: "application/octet-stream",
    source: sealDump(content, about, keyring),
    memory: MEMORY,
  });
}

function codeOf(error: unknown): string {
  return error instanceof OperatorError || error instanceof UploadError ? error.code : "internal";
}
