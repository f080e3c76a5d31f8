import type { UploadSession } from "@audiotricks/protocol/messages";
import type { UploadCalls } from "../upload-calls.ts";
import type { Clock } from "./clock.ts";
import type { SessionStore } from "./session-store.ts";
import { fingerprintOf, type UploadSource } from "./upload-source.ts";

/** Files picked one after another ask once. */
const FRESH_MS = 2000;
/** A companion that is slow to list does not hold up an upload that it may not have anything for. */
const LIST_TIMEOUT_MS = 5000;
const TOO_SLOW = new DOMException("Listing takes too long", "TimeoutError");

/**
 * Finds sessions that this browser knows nothing of: begun on another device, or by another service in SQL. Name and size
 * make a candidate; whether it is that file is proved part by part before anything is added to it.
 */
export interface BegunElsewhere {
  /** Asks the companion what there is, so that `claim` need not wait for it. */
  ask: () => void;
  /** A session for such a file that nobody in this browser is using; the caller's until released. Follow it by `asked`. */
  claim: (source: UploadSource) => Promise<string | null>;
  /** The companion has answered, and the session it gave is held, or nobody is going to ask it. */
  asked: () => void;
}

export function createBegunElsewhere(options: {
  client: UploadCalls;
  store: SessionStore;
  clock: Clock;
}): BegunElsewhere {
  const { client, store, clock } = options;
  let listing: { at: number; sessions: Promise<readonly UploadSession[]> } | null = null;
  let asking = 0;

  /**
   * Not renewed while this engine asks for sessions of its own: the list would show one of them before it is held, and
   * another file of that name and size would take it.
   */
  const list = (): Promise<readonly UploadSession[]> => {
    if (listing === null || (asking === 0 && clock.now() - listing.at > FRESH_MS)) {
      const slow = new AbortController();
      const stopWaiting = clock.after(LIST_TIMEOUT_MS, () => slow.abort(TOO_SLOW));
      const sessions = client
        .listUploads({ signal: slow.signal })
        .then(
          ({ uploads }) => uploads,
          () => [],
        )
        .finally(stopWaiting);
      listing = { at: clock.now(), sessions };
    }
    return listing.sessions;
  };

  return {
    ask: () => void list(),
    claim: async (source) => {
      const sessions = list();
      asking += 1;
      const fingerprint = fingerprintOf(source);
      for (const { sessionId, name, size, workspaceId } of await sessions) {
        const { workspaceId: wanted } = fingerprint;
        if (name !== fingerprint.name || size !== fingerprint.size || workspaceId !== wanted) continue;
        if (store.toDiscard().includes(sessionId)) continue;
        store.remember(fingerprint, sessionId);
        if ((await store.claim(fingerprint)) === sessionId) return sessionId;
        store.forget(fingerprint, sessionId);
      }
      return null;
    },
    asked: () => {
      asking -= 1;
    },
  };
}
