import { UploadError } from "@audiotricks/protocol";
import type { CompanionClient } from "@audiotricks/uppy-spaces/companion-client";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** Somebody who uploads: who they are, and whom they ask. */
export interface Person {
  name: string;
  userId: string;
  workspaceId: string | undefined;
  client: CompanionClient;
  ledger: Ledger;
  random: Random;
  /** Aborted when it is time to stop beginning things. */
  signal: AbortSignal;
}

/** Sizes in bytes: mostly small ones, each its own race; a few of more than one part. */
export function pickSize(random: Random): { size: number; method?: "put" | "multipart" } {
  const MiB = 1024 * 1024;
  return random.weighted([
    [{ size: random.whole(100, 60_000), method: "put" as const }, 3],
    [{ size: random.whole(70_000, 400_000) }, 2],
    [{ size: random.whole(100, 300_000), method: "multipart" as const }, 4],
    [{ size: random.whole(5 * MiB, 11 * MiB), method: "multipart" as const }, 1],
  ]);
}

/** Notes what a call was refused for. `undefined`: it was refused. */
export async function ask<T>({ ledger }: Pick<Person, "ledger">, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    note(ledger, error);
    return undefined;
  }
}

export function note(ledger: Ledger, error: unknown): void {
  if (!(error instanceof UploadError)) throw error;
  const { code, details } = error;
  if (details?.reason === "unreachable") ledger.count("refused: connection lost");
  else if (code === "internal" && details?.status !== undefined) ledger.count("refused: no server (502)");
  else ledger.count(`refused: ${code}`);
}
