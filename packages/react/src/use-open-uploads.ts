import type { UploadSession } from "@audiotricks/protocol/messages";
import { useCallback } from "react";
import { signalChange } from "./change-signal.ts";
import { type CompanionOptions, useClient } from "./use-client.ts";
import { useResource } from "./use-resource.ts";

export interface OpenUploads {
  /** Begun earlier, perhaps on another device, and not finished; picking the same file again goes on with it. */
  uploads: readonly UploadSession[];
  /** Gives an unfinished upload up; its parts are deleted. Rejects with `UploadError`. */
  discard: (sessionId: string) => Promise<void>;
  refresh: () => void;
}

/** What was begun and not finished, of this user. Empty while it cannot be read: nothing depends on it. */
export function useOpenUploads(options: CompanionOptions): OpenUploads {
  const { companionUrl } = options;
  const client = useClient(options);
  const read = useCallback((signal: AbortSignal) => client.listUploads({ signal }), [client]);
  const { data, change, refresh } = useResource(companionUrl, read);

  const discard = useCallback(
    async (sessionId: string) => {
      await client.cancelUpload(sessionId);
      change((old) => ({ uploads: old.uploads.filter((upload) => upload.sessionId !== sessionId) }));
      signalChange(companionUrl);
    },
    [client, companionUrl, change],
  );

  return { uploads: data?.uploads ?? NO_UPLOADS, discard, refresh };
}

const NO_UPLOADS: readonly UploadSession[] = [];
