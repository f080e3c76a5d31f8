import type { Principal, Storage } from "@audiotricks/storage";
import { type EventStream, openEventStream } from "./event-stream.ts";
import { createQuotaFeed, quotaText } from "./quota-feed.ts";
import { createStreamPlaces, type StreamLimits, streamsUnavailable } from "./stream-places.ts";

/** Times in milliseconds. */
export interface StreamTimes {
  poll: number;
  heartbeat: number;
  /** Nobody stays longer, so that servers can go, and whoever is signed out is found to be. */
  mostLife: number;
  stale: number;
}
export const STREAM_TIMES: StreamTimes = {
  poll: 2000,
  heartbeat: 15_000,
  mostLife: 10 * 60_000,
  stale: 10_000,
};

export interface QuotaStreams {
  /**
   * Begins with what is so now. Rejects as reading does, and where there are too many.
   *
   * @param reader Of its connection: whether it is gone already, and what drops it.
   */
  open(
    principal: Principal,
    workspaceId: string | undefined,
    reader: { signal: AbortSignal; cutOff: () => void },
  ): Promise<ReadableStream<Uint8Array>>;
  /** Ends all that are open, and opens no more. */
  drain: () => void;
}

/** Everybody's streams of one process. */
export function createQuotaStreams(
  storage: Pick<Storage, "quota" | "standings">,
  options: { limits: StreamLimits; times: StreamTimes; onFailure: (error: unknown) => void },
): QuotaStreams {
  const { times } = options;
  const places = createStreamPlaces(options.limits);
  const feed = createQuotaFeed({
    read: (questions) => storage.standings(questions),
    pollMs: times.poll,
    staleMs: times.stale,
    onFailure: options.onFailure,
  });
  const streams = new Set<EventStream>();
  let isDraining = false;

  return {
    open: async (principal, workspaceId, { signal, cutOff }) => {
      if (isDraining) throw streamsUnavailable();
      const { userId } = principal;
      const giveBack = places.take(userId);
      try {
        const known = quotaText(await storage.quota(principal, workspaceId));
        // What came about while this was read; nobody would be told of the end.
        signal.throwIfAborted();
        if (isDraining) throw streamsUnavailable();

        const stream = openEventStream({
          heartbeatMs: times.heartbeat,
          cutOff,
          onEnd: () => {
            clearTimeout(lifetime);
            leave();
            streams.delete(stream);
            giveBack();
          },
        });
        const leave = feed.subscribe({
          question: { userId, workspaceId },
          // How far files are is told by the first reading.
          known: { quota: known },
          onChange: stream.send,
          onGone: stream.end,
        });
        const lifetime = setTimeout(stream.end, lifeOf(principal, times.mostLife));
        lifetime.unref();
        streams.add(stream);
        stream.send("quota", known);
        return stream.body;
      } catch (error) {
        giveBack();
        throw error;
      }
    },
    drain: () => {
      isDraining = true;
      for (const stream of streams) stream.end();
    },
  };
}

function lifeOf({ expiresAt }: Principal, most: number): number {
  const left = expiresAt === undefined ? most : expiresAt.getTime() - Date.now();
  // A token's time may lie beyond what a date can say.
  return left < most ? Math.max(0, left) : most;
}
