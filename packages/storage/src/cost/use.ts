/** What bytes are there for: files, and what a bill has without a file of anybody's. */
export const BYTE_KINDS = [
  "files",
  "incomplete_parts",
  "old_versions",
  "orphans",
  "copies",
  "cold_minimum",
] as const;
export type ByteKind = (typeof BYTE_KINDS)[number];

/** Who pays: a workspace, files of no workspace together, or the deployment for what is nobody's file. */
export type Payer = { scope: "workspace"; id: string } | { scope: "personal" } | { scope: "overhead" };

export interface StorageUse {
  providerId: string;
  /** Of files; `null` for those of no workspace. */
  workspaceId: string | null;
  kind: ByteKind;
  storageClass: "standard" | "cold";
  /** Bytes as they are paid for, times the hours that they were there. */
  byteHours: bigint;
}

export interface TrafficUse {
  providerId: string;
  workspaceId: string | null;
  egressBytes: bigint;
  /** Of the bytes that went out, those that were cold. */
  retrievedBytes: bigint;
  reads: bigint;
  writes: bigint;
}

/** Where it is stored: a bucket, in a region of a vendor. */
export interface PricedProvider {
  id: string;
  providerName: string;
  region: string;
}

export function payerOf({ workspaceId, kind }: Pick<StorageUse, "workspaceId" | "kind">): Payer {
  if (kind !== "files" && kind !== "cold_minimum") return { scope: "overhead" };
  return workspaceId === null ? { scope: "personal" } : { scope: "workspace", id: workspaceId };
}
