import { type CompanionClient, createCompanionClient, type GetToken } from "@audiotricks/uppy-spaces";
import { useMemo } from "react";
import { useLatest } from "./use-latest.ts";

/** Where the companion is and who asks. */
export interface CompanionOptions {
  /** Where the companion answers, without `/v1`: `"https://uploads.example.com"`, or `""` for the page's own origin. */
  companionUrl: string;
  /** Bearer token of the signed-in user, `null` if nobody is. Asked again when the companion refuses it; need not be stable. */
  getToken: GetToken;
}

/** One client for as long as the companion is the same; a new `getToken` is used without making another. */
export function useClient({ companionUrl, getToken }: CompanionOptions): CompanionClient {
  const latest = useLatest(getToken);
  return useMemo(
    () => createCompanionClient({ companionUrl, getToken: () => latest.current() }),
    [companionUrl, latest],
  );
}
