import { partAt } from "@audiotricks/protocol";
import type { PartUrl, StoredPart } from "@audiotricks/protocol/messages";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Session } from "./session.ts";

/** URLs for these parts of an active session, each with its exact length signed. */
export function signPartUrls(
  context: { settings: Pick<StorageContext["settings"], "uploadUrlExpiresIn"> },
  store: Pick<Store, "s3">,
  session: Pick<Session, "id" | "key" | "target" | "fileSize" | "partSize">,
  partNumbers: readonly number[],
  { avoidOrigins = [] }: { avoidOrigins?: readonly string[] | undefined } = {},
): PartUrl[] {
  const { target, key } = session;
  const expiresIn = context.settings.uploadUrlExpiresIn;
  const reachable = store.s3.uploadPresigners.filter(({ origin }) => !avoidOrigins.includes(origin));
  const hosts = reachable.length > 0 ? reachable : store.s3.uploadPresigners;
  // Files of one part go to one host or the other by chance, parts of a file in turns.
  const shift = Number.parseInt(session.id.slice(-1), 16);
  return partNumbers.map((partNumber) => {
    const presigner = hosts[(partNumber + shift) % hosts.length] ?? store.s3.presigner;
    const { size } = partAt({ fileSize: session.fileSize, partSize: session.partSize, partNumber });
    const url =
      target.method === "put"
        ? presigner.putObject({ key: target.tempKey, size, expiresIn })
        : presigner.uploadPart({
            key,
            uploadId: requireUploadId(target.uploadId),
            partNumber,
            size,
            expiresIn,
          });
    return { partNumber, url, headers: {}, size, expiresIn };
  });
}

/** The first parts that are not at the store as planned, up to `limit`. */
export function missingParts(session: Session, storedParts: readonly StoredPart[], limit: number): number[] {
  const sizes = new Map(storedParts.map(({ partNumber, size }) => [partNumber, size]));
  const { fileSize, partSize, partCount } = session;
  const missing: number[] = [];
  for (let partNumber = 1; partNumber <= partCount && missing.length < limit; partNumber++) {
    if (sizes.get(partNumber) !== partAt({ fileSize, partSize, partNumber }).size) missing.push(partNumber);
  }
  return missing;
}

function requireUploadId(uploadId: string | null): string {
  if (uploadId === null) throw new Error("an active multipart session without an upload id");
  return uploadId;
}
