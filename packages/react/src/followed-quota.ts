import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { GetToken } from "@audiotricks/uppy-spaces";
import { followQuota } from "./follow-quota.ts";

export interface FollowedQuota {
  /** Whether changes are told of. */
  isTold: () => boolean;
  /** Follows the quota of where files go, or none: as it is wanted now. The same again changes nothing. */
  want: (whose: { userId: string; workspaceId: string | undefined } | null) => void;
}

/** Follows one quota at a time, for as long as it is of use. */
export function createFollowedQuota(options: {
  companionUrl: string;
  getToken: GetToken;
  onQuotas: (quotas: readonly QuotaScope[]) => void;
  /** It is time to read. */
  onFailed: () => void;
}): FollowedQuota {
  const { companionUrl, getToken, onQuotas, onFailed } = options;
  let current: { key: string; leave: () => void } | null = null;
  let isTold = false;

  const leave = () => {
    current?.leave();
    current = null;
    isTold = false;
  };
  return {
    isTold: () => isTold,
    want: (whose) => {
      const key = whose === null ? null : JSON.stringify(whose);
      if (key === (current?.key ?? null)) return;
      leave();
      if (whose === null || key === null) return;
      // What another part of the page has been told comes at once, while it is being joined.
      const place = { key, leave: () => {} };
      current = place;
      place.leave = followQuota({
        companionUrl,
        getToken,
        ...whose,
        onQuotas: (quotas) => {
          isTold = true;
          onQuotas(quotas);
        },
        onSilence: (why) => {
          isTold = false;
          if (why === "failed") onFailed();
        },
      });
    },
  };
}
