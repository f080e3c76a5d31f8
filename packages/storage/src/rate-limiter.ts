import { CompiledQuery, type Kysely } from "kysely";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { Database } from "./database.ts";

/** So many a minute for each key, counted for all servers together. */
export interface RateLimit {
  /** In front of its keys. */
  name: string;
  perMinute: number;
}

export interface RateLimiter {
  /** @returns Milliseconds after which it may be tried again; 0: go on. */
  consume(limit: RateLimit, key: string): Promise<number>;
}

const SECONDS = 60;

/**
 * A key that has used up its minute is turned away from memory. With the database away this process counts alone: what was asked for
 * will say so itself.
 */
export function createRateLimiter(db: Kysely<Database>): RateLimiter {
  const limiters = new Map<string, RateLimiterPostgres>();

  function limiterOf({ name, perMinute }: RateLimit): RateLimiterPostgres {
    const known = limiters.get(`${name} ${perMinute}`);
    if (known !== undefined) return known;
    const limit = { keyPrefix: name, points: perMinute, duration: SECONDS };
    const limiter = new RateLimiterPostgres({
      ...limit,
      storeClient: {
        query: async ({ text, values }: { text: string; values: unknown[] }) => {
          const { rows, numAffectedRows } = await db.executeQuery(CompiledQuery.raw(text, values));
          return { rows, rowCount: Number(numAffectedRows ?? rows.length) };
        },
      },
      storeType: "client",
      tableName: "rate_limits",
      tableCreated: true,
      inMemoryBlockOnConsumed: perMinute,
      insuranceLimiter: new RateLimiterMemory(limit),
    });
    limiters.set(`${name} ${perMinute}`, limiter);
    return limiter;
  }

  return {
    consume: async (limit, key) => {
      try {
        await limiterOf(limit).consume(key);
        return 0;
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return Math.max(1, refused.msBeforeNext);
      }
    },
  };
}
