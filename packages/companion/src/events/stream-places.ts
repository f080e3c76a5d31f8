import { UploadError } from "@audiotricks/protocol";

export interface StreamLimits {
  /** Of one user; windows and devices have one each. */
  perUser: number;
  /** Of this process, for all users; 0: there are none. */
  perProcess: number;
}

/** A stream is a connection and some memory, for minutes; the poller's statement grows with each. */
export const DEFAULT_STREAM_LIMITS: StreamLimits = { perUser: 8, perProcess: 1000 };

/** When to try again, in milliseconds: for whoever is turned away there is reading. */
const RETRY_AFTER_MS = 30_000;

export interface StreamPlaces {
  /**
   * Takes a place before anything is read. Throws `too_many_streams` or `streams_unavailable`, with how long to wait.
   *
   * @returns Gives it back; safe to repeat.
   */
  take(userId: string): () => void;
}

export function createStreamPlaces({ perUser, perProcess }: StreamLimits): StreamPlaces {
  const taken = new Map<string, number>();
  let total = 0;
  return {
    take: (userId) => {
      const user = userId.toLowerCase();
      const own = taken.get(user) ?? 0;
      if (own >= perUser)
        throw new UploadError("too_many_streams", "Too many event streams are open.", {
          details: { maxStreams: perUser, retryAfterMs: RETRY_AFTER_MS },
        });
      if (total >= perProcess) throw streamsUnavailable();
      taken.set(user, own + 1);
      total += 1;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        total -= 1;
        const left = (taken.get(user) ?? 1) - 1;
        if (left === 0) taken.delete(user);
        else taken.set(user, left);
      };
    },
  };
}

export function streamsUnavailable(): UploadError {
  return new UploadError("streams_unavailable", "No event stream can be opened here now. Read instead.", {
    details: { retryAfterMs: RETRY_AFTER_MS },
  });
}
