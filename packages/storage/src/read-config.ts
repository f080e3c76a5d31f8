import { isAudioExtension, UploadError } from "@audiotricks/protocol";
import {
  type ConfigResponse,
  type KindLimits,
  MAX_BATCH,
  MAX_SIGN_BATCH,
} from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { KINDS, maxSizeOf } from "./content-kinds.ts";
import { pinnedTypeOf } from "./pinned-type.ts";
import type { StorageContext } from "./storage-context.ts";

/** What the widget may say before a byte moves. */
export async function readConfig({ db, stores }: StorageContext): Promise<ConfigResponse> {
  const store = await stores.findPrimary();
  const row = await db
    .selectFrom("storage_providers as p")
    .innerJoin("storage_settings as s", (join) => join.onTrue())
    .select(["p.max_file_size", "p.allowed_file_types", "p.preferred_part_size", "s.single_put_max_size"])
    // The rule that an upload is refused by.
    .select(
      KINDS.map(({ contentType }, index) =>
        sql<string[]>`allowed_extensions(${contentType}, p.allowed_file_types)`.as(`extensions_${index}`),
      ),
    )
    .where("p.is_primary", "=", true)
    .executeTakeFirst();
  if (row === undefined || store === undefined) throw new UploadError("no_provider", "No storage is set up.");
  const maxFileSize = Number(row.max_file_size);
  return {
    maxFileSize,
    allowedExtensions: row.allowed_file_types.filter(isAudioExtension),
    kinds: KINDS.map((kind, index) => describeKind(kind, maxFileSize, row[`extensions_${index}`] ?? [])),
    singlePutMaxSize: Number(row.single_put_max_size),
    preferredPartSize: Number(row.preferred_part_size),
    maxBatch: MAX_BATCH,
    maxSignBatch: MAX_SIGN_BATCH,
    maxConcurrentParts: store.limits.maxConcurrentPuts,
  };
}

function describeKind(
  kind: (typeof KINDS)[number],
  maxFileSize: number,
  extensions: readonly string[],
): KindLimits {
  const allowedExtensions =
    kind.contentType === "audio_file" ? extensions.filter(isAudioExtension) : [...extensions];
  return {
    ...kind,
    needsWorkspace: kind.category === "workspace-asset",
    maxFileSize: Math.min(maxFileSize, maxSizeOf(kind)),
    allowedExtensions,
    types: [...new Set(allowedExtensions.map(pinnedTypeOf))],
  };
}
