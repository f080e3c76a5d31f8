import type { UploadErrorBody } from "@audiotricks/protocol";
import type { QuotaScope } from "@audiotricks/protocol/messages";
import { useCallback, useEffect } from "react";
import { followQuota } from "./follow-quota.ts";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useLatest } from "./use-latest.ts";
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

/**
 * What is used, reserved and allowed. While the page is seen the companion tells of every change, whoever made it; where it cannot, it is
 * read again whenever an upload of this page begins, ends or is cancelled.
 */
export function useQuota(options: QuotaOptions): QuotaState & { refresh: () => void } {
  const { companionUrl, workspaceId } = options;
  const client = useClient(options);
  const read = useCallback(
    (signal: AbortSignal) => client.quota({ workspaceId }, { signal }),
    [client, workspaceId],
  );
  const { data, error, refresh, told, untold } = useResource(companionUrl, read);
  const userId = data?.quotas.find(({ scope }) => scope === "user")?.id;
  const getToken = useLatest(options.getToken);
  useEffect(() => {
    if (userId === undefined) return;
    const leave = followQuota({
      companionUrl,
      workspaceId,
      userId,
      getToken: () => getToken.current(),
      onQuotas: (quotas) => told({ quotas: [...quotas] }),
      onSilence: (why) => untold(why === "failed"),
    });
    return () => {
      leave();
      untold(false);
    };
  }, [companionUrl, workspaceId, userId, getToken, told, untold]);
  if (data !== null) return { status: "ready", quotas: data.quotas, refresh };
  return error === null ? { status: "loading", refresh } : { status: "failed", error, refresh };
}
