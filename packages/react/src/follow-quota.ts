import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { GetToken } from "@audiotricks/uppy-spaces";
import { signalFiles } from "./change-signal.ts";
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

/** Milliseconds for which a stream that ended as streams do has told: one that ends at once is no better than one that cannot be had. */
const HELD_MS = 30_000;

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
  /** How far files were when that was told last. */
  let files: string | null = null;

  const tell = (quotas: readonly QuotaScope[]) => {
    told = quotas;
    for (const { onQuotas } of followers) onQuotas(quotas);
  };
  const hearOfFiles = (companionUrl: string, text: string) => {
    if (text === files) return;
    files = text;
    // What shows files reads them: it may have begun before the stream did.
    signalFiles(companionUrl);
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
      void followUntil(run.signal, { first: () => [...followers][0], tell, hearOfFiles, fallSilent });
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
    hearOfFiles: (companionUrl: string, text: string) => void;
    fallSilent: (why: "failed") => void;
  },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const follower = on.first();
    if (follower === undefined) return;
    const begunAt = performance.now();
    const end = await followOnce(follower, signal, on);
    if (signal.aborted) return;
    failures = end.kind === "ended" && performance.now() - begunAt >= HELD_MS ? 0 : failures + 1;
    // Of one that ended early for once, the next tells soon enough.
    if (end.kind !== "ended" || failures > 1) on.fallSilent("failed");
    await pause(pauseAfter(end, failures), signal);
  }
}

async function followOnce(
  follower: QuotaFollower,
  signal: AbortSignal,
  on: Pick<Parameters<typeof followUntil>[1], "tell" | "hearOfFiles">,
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
        if (quotas.some((quota) => quota.scope === "user" && quota.id === userId)) on.tell(quotas);
        else stranger.abort();
      },
      onFiles: (text) => {
        if (!signal.aborted && !stranger.signal.aborted) on.hearOfFiles(companionUrl, text);
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
      const longer = 2 ** Math.max(0, failures - 1);
      return Math.min(PAUSES.most, (least + random() * (most - least)) * longer);
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
