import type { UploadErrorBody } from "@audiotricks/protocol";
import type { QuotaScope } from "@audiotricks/protocol/messages";
import { useCallback } from "react";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useResource } from "./use-resource.ts";

export type QuotaState =
  | { status: "loading" }
  /** Numbers once read stay while they are read again. Bytes throughout; a `null` limit is no limit. */
  | { status: "ready"; quotas: readonly QuotaScope[] }
  | { status: "failed"; error: UploadErrorBody };

export interface QuotaOptions extends CompanionOptions {
  /** Also asks for this workspace's numbers. */
  workspaceId?: string | undefined;
}

/** What is used, reserved and allowed; read again whenever an upload of this page begins, ends or is cancelled. */
export function useQuota(options: QuotaOptions): QuotaState & { refresh: () => void } {
  const { companionUrl, workspaceId } = options;
  const client = useClient(options);
  const read = useCallback(
    (signal: AbortSignal) => client.quota({ workspaceId }, { signal }),
    [client, workspaceId],
  );
  const { data, error, refresh } = useResource(companionUrl, read);
  if (data !== null) return { status: "ready", quotas: data.quotas, refresh };
  return error === null ? { status: "loading", refresh } : { status: "failed", error, refresh };
}
