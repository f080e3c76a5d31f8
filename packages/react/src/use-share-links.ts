import type { UploadErrorBody } from "@audiotricks/protocol";
import type { CreateShareRequest, CreateShareResponse, ShareLink } from "@audiotricks/protocol/messages";
import { useCallback } from "react";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useResource } from "./use-resource.ts";

export interface ShareLinksOptions extends CompanionOptions {
  fileId: string;
}

export interface ShareLinks {
  status: "loading" | "ready" | "failed";
  /** Those that are good now, the newest first. */
  links: readonly ShareLink[];
  /** Why they could not be read, in `failed`. */
  error: UploadErrorBody | null;
  refresh: () => void;
  /**
   * Makes a link that lasts `expiresIn` seconds (default: 7 days, at most 30) and for at most `maxDownloads` downloads (default: any
   * number). Its `url` is told this once: nobody can read it later. Rejects with `UploadError`.
   */
  create: (request?: Partial<CreateShareRequest>) => Promise<CreateShareResponse>;
  /** Ends a link; safe to repeat. Rejects with `UploadError`. */
  revoke: (shareId: string) => Promise<void>;
  /** Ends all links of the file, those too that are not listed. Rejects with `UploadError`. */
  endAll: () => Promise<void>;
}

/** The links by which others read one file; for whoever may share it (`may.share` of its record). */
export function useShareLinks(options: ShareLinksOptions): ShareLinks {
  const { companionUrl, fileId } = options;
  const client = useClient(options);
  const read = useCallback((signal: AbortSignal) => client.listShares(fileId, { signal }), [client, fileId]);
  const { data, error, change, refresh } = useResource(companionUrl, read);

  const create = useCallback(
    async (request?: Partial<CreateShareRequest>) => {
      const made = await client.createShare(fileId, request);
      change(({ shares }) => ({ shares: [made.share, ...without(shares, made.share.id)] }));
      return made;
    },
    [client, fileId, change],
  );
  const revoke = useCallback(
    async (shareId: string) => {
      await client.revokeShare(fileId, shareId);
      change(({ shares }) => ({ shares: without(shares, shareId) }));
    },
    [client, fileId, change],
  );
  const endAll = useCallback(async () => {
    await client.endShares(fileId);
    change(() => ({ shares: [] }));
  }, [client, fileId, change]);

  return {
    status: data !== null ? "ready" : error !== null ? "failed" : "loading",
    links: data?.shares ?? NO_LINKS,
    error: data === null ? error : null,
    refresh,
    create,
    revoke,
    endAll,
  };
}

const NO_LINKS: readonly ShareLink[] = [];

function without(shares: readonly ShareLink[], id: string): ShareLink[] {
  return shares.filter((share) => share.id !== id);
}
