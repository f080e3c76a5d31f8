import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { GetToken } from "@audiotricks/uppy-spaces";
import { readQuotaStream, type StreamEnd } from "./quota-stream.ts";
import { inStreamPlace } from "./stream-place.ts";

export interface QuotaFollower {
  companionUrl: string;
  workspaceId: string | undefined;
  /** Who it is shown to. Numbers of anybody else are not theirs to see, whoever's token the page shares. */
  userId: string;
  getToken: GetToken;
  onQuotas: (quotas: readonly QuotaScope[]) => void;
  /** Nothing comes any more until `onQuotas` is called again; `failed`: it is time to read. Not called where nothing ever came. */
  onSilence: (why: "hidden" | "failed") => void;
}

/** Milliseconds: after a stream that ended as streams do, and after one that could not be had. */
const PAUSES = {
  afterEnd: [300, 3000],
  firstFailure: 5000,
  most: 5 * 60_000,
  unsupported: 10 * 60_000,
} as const;

/** Those of this page, by what they follow: one stream for all that follow the same. */
const followings = new Map<string, Following>();

/**
 * Hears of the quota as it changes, while the page is seen. What cannot be had is tried again, less and less often; whoever follows
 * reads meanwhile.
 *
 * @returns Ends it; safe to repeat.
 */
export function followQuota(follower: QuotaFollower): () => void {
  if (typeof document === "undefined") return () => {};
  const { companionUrl, workspaceId = "", userId } = follower;
  const key = JSON.stringify([companionUrl, workspaceId, userId]);
  const following = followings.get(key) ?? createFollowing(() => followings.delete(key));
  followings.set(key, following);
  return following.add(follower);
}

interface Following {
  add: (follower: QuotaFollower) => () => void;
}

function createFollowing(onEmpty: () => void): Following {
  const followers = new Set<QuotaFollower>();
  let run: AbortController | null = null;
  /** What came last, while it is sure to be what is so. */
  let told: readonly QuotaScope[] | null = null;

  const tell = (quotas: readonly QuotaScope[]) => {
    told = quotas;
    for (const { onQuotas } of followers) onQuotas(quotas);
  };
  const fallSilent = (why: "hidden" | "failed") => {
    if (told === null) return;
    told = null;
    for (const { onSilence } of followers) onSilence(why);
  };
  const stop = () => {
    run?.abort();
    run = null;
  };
  const look = () => {
    const isWanted = followers.size > 0 && document.visibilityState === "visible";
    if (isWanted && run === null) {
      run = new AbortController();
      void followUntil(run.signal, { first: () => [...followers][0], tell, fallSilent });
    }
    if (isWanted || run === null) return;
    stop();
    fallSilent("hidden");
  };

  document.addEventListener("visibilitychange", look);
  return {
    add: (follower) => {
      followers.add(follower);
      if (told !== null) follower.onQuotas(told);
      look();
      return () => {
        if (!followers.delete(follower) || followers.size > 0) return;
        stop();
        told = null;
        document.removeEventListener("visibilitychange", look);
        onEmpty();
      };
    },
  };
}

/** One stream after the other. */
async function followUntil(
  signal: AbortSignal,
  on: {
    /** Whose token is used. */
    first: () => QuotaFollower | undefined;
    tell: (quotas: readonly QuotaScope[]) => void;
    fallSilent: (why: "failed") => void;
  },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const follower = on.first();
    if (follower === undefined) return;
    const end = await followOnce(follower, signal, on.tell);
    if (signal.aborted) return;
    failures = end.kind === "ended" ? 0 : failures + 1;
    if (end.kind !== "ended") on.fallSilent("failed");
    await pause(pauseAfter(end, failures), signal);
  }
}

async function followOnce(
  follower: QuotaFollower,
  signal: AbortSignal,
  tell: (quotas: readonly QuotaScope[]) => void,
): Promise<StreamEnd> {
  const { companionUrl, workspaceId, userId, getToken } = follower;
  const stranger = new AbortController();
  const read = () =>
    readQuotaStream({
      companionUrl,
      workspaceId,
      getToken,
      signal: AbortSignal.any([signal, stranger.signal]),
      onQuotas: (quotas) => {
        if (signal.aborted || stranger.signal.aborted) return;
        // Somebody else signed in meanwhile.
        if (quotas.some((quota) => quota.scope === "user" && quota.id === userId)) tell(quotas);
        else stranger.abort();
      },
    });
  const end = await inStreamPlace(new URL(companionUrl, location.href).origin, read).catch(() => null);
  return end === null || stranger.signal.aborted ? { kind: "refused", retryAfterMs: null } : end;
}

/** Never the same for all pages: those of a server that stops would all come to the next at once. */
export function pauseAfter(end: StreamEnd, failures: number, random: () => number = Math.random): number {
  switch (end.kind) {
    case "ended": {
      const [least, most] = PAUSES.afterEnd;
      return least + random() * (most - least);
    }
    case "unsupported":
      return PAUSES.unsupported * (1 + random());
    case "refused": {
      const own = Math.min(PAUSES.most, PAUSES.firstFailure * 2 ** (failures - 1));
      return Math.max(own, end.retryAfterMs ?? 0) * (1 + random());
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
