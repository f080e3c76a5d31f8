import { MEMORY_PREFIX } from "../page-memory.ts";

/** The server ends sessions far sooner; this only keeps the browser's storage from filling up. */
const FORGET_AFTER_MS = 30 * 24 * 3600 * 1000;

/** What is kept across reloads. */
export type KeyValueStore = Pick<Map<string, string>, "get" | "keys"> & {
  set: (key: string, value: string) => unknown;
  delete: (key: string) => unknown;
};

/** What tells a picked file from others, without reading it. Two files may share it: parts are proved before they are used. */
export interface Fingerprint {
  name: string;
  size: number;
  type: string;
  lastModified: number | null;
  relativePath: string | null;
  workspaceId: string | null;
}

/** The same for files that look alike, as part of a key or of a lock's name. */
export function fingerprintKey(fingerprint: Fingerprint): string {
  const { name, size, type, lastModified, relativePath, workspaceId } = fingerprint;
  return encodeURIComponent(JSON.stringify([workspaceId, relativePath, name, size, type, lastModified]));
}

/**
 * Open sessions, kept across reloads, one key each so that tabs do not overwrite one another. A session is used by one upload
 * at a time: in this page by a set, across tabs by a Web Lock where the browser has them.
 */
export interface SessionStore {
  remember: (fingerprint: Fingerprint, sessionId: string) => void;
  forget: (fingerprint: Fingerprint, sessionId: string) => void;
  /**
   * A session begun for such a file that nobody else is using; it is the caller's until released.
   *
   * @param first To be tried before those that are remembered.
   */
  claim: (fingerprint: Fingerprint, first?: string | null) => Promise<string | null>;
  /** Marks a new session as the caller's. */
  hold: (sessionId: string) => void;
  release: (sessionId: string) => void;
  /** Sessions that a person cancelled and that the companion has not confirmed yet. */
  toDiscard: () => string[];
  addDiscard: (sessionId: string) => void;
  removeDiscard: (sessionId: string) => void;
}

export function createSessionStore(
  companionUrl: string,
  kept: KeyValueStore = new Map<string, string>(),
  locks: LockManager | null = globalThis.navigator?.locks ?? null,
): SessionStore {
  // One page may use two companions: neither is asked about the other's sessions.
  const scope = `${MEMORY_PREFIX}${encodeURIComponent(companionUrl)}/`;
  const discards = `${scope}discard/`;
  /** Session → gives its lock back. */
  const held = new Map<string, () => void>();

  const sessionsOf = (fingerprint: Fingerprint) => `${scope}session/${fingerprintKey(fingerprint)}/`;
  const idsUnder = (prefix: string): string[] => {
    const ids: { id: string; at: number }[] = [];
    for (const key of kept.keys()) {
      if (!key.startsWith(prefix)) continue;
      const at = Number(kept.get(key));
      if (Math.abs(Date.now() - at) < FORGET_AFTER_MS) ids.push({ id: key.slice(prefix.length), at });
      else kept.delete(key);
    }
    return ids.sort((a, b) => b.at - a.at).map(({ id }) => id);
  };

  const lock = (sessionId: string): Promise<boolean> => {
    if (held.has(sessionId)) return Promise.resolve(false);
    const { promise: untilReleased, resolve: release } = Promise.withResolvers<void>();
    held.set(sessionId, release);
    if (locks === null) return Promise.resolve(true);
    return new Promise((resolve) => {
      locks
        .request(`${MEMORY_PREFIX}${sessionId}`, { ifAvailable: true }, async (granted) => {
          resolve(granted !== null);
          if (granted === null) held.delete(sessionId);
          else await untilReleased;
        })
        // Locks can be refused altogether (an opaque origin): then the set of this page is what there is.
        .catch(() => resolve(true));
    });
  };

  return {
    remember: (fingerprint, sessionId) =>
      void kept.set(`${sessionsOf(fingerprint)}${sessionId}`, String(Date.now())),
    forget: (fingerprint, sessionId) => void kept.delete(`${sessionsOf(fingerprint)}${sessionId}`),
    claim: async (fingerprint, first = null) => {
      const remembered = idsUnder(sessionsOf(fingerprint));
      for (const sessionId of new Set(first === null ? remembered : [first, ...remembered])) {
        if (await lock(sessionId)) return sessionId;
      }
      return null;
    },
    hold: (sessionId) => void lock(sessionId),
    release: (sessionId) => {
      held.get(sessionId)?.();
      held.delete(sessionId);
    },
    toDiscard: () => idsUnder(discards),
    addDiscard: (sessionId) => void kept.set(`${discards}${sessionId}`, String(Date.now())),
    removeDiscard: (sessionId) => void kept.delete(`${discards}${sessionId}`),
  };
}
