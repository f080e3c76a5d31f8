import { UploadError } from "@audiotricks/protocol";
import type { Caller, Storage } from "@audiotricks/storage";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { networkOf } from "./client-address.ts";

/** Requests a minute; 0 is no limit. Reads are counted by each process, writes on the database for all of them. */
export interface RateLimits {
  /** Of one user or service. */
  callerReads: number;
  callerWrites: number;
  /** Of one address, signed in or not, whatever they are for; counted by each process. An office has one address. */
  addressRequests: number;
  addressWrites: number;
  /** Share links that one address follows, good or not; counted by each process. */
  addressShares: number;
}

/** Ten thousand files in batches are two hundred writes; ten thousand parts through Uppy's own plugin, ten thousand. */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  callerReads: 12_000,
  callerWrites: 6_000,
  addressRequests: 60_000,
  addressWrites: 30_000,
  addressShares: 600,
};

/** Each throws `rate_limited`, with how long to wait. */
export interface Rates {
  /** Before anybody is asked who it is. */
  countAddress(address: string | undefined): Promise<void>;
  countShare(address: string | undefined): Promise<void>;
  countRead(caller: Caller): Promise<void>;
  countWrite(caller: Caller, address: string | undefined): Promise<void>;
}

export function createRates({ rates }: Pick<Storage, "rates">, limits: RateLimits): Rates {
  const { callerWrites, addressWrites } = limits;
  const countAddress = countInMemory(limits.addressRequests);
  const countShare = countInMemory(limits.addressShares);
  const countRead = countInMemory(limits.callerReads);
  const onDatabase = async (name: string, perMinute: number, key: string): Promise<number> =>
    perMinute === 0 ? 0 : await rates.consume({ name, perMinute }, key);

  return {
    countAddress: async (address) => {
      if (address !== undefined) refuseFor(await countAddress(networkOf(address)));
    },
    countShare: async (address) => {
      if (address === undefined) return;
      refuseFor(Math.max(await countAddress(networkOf(address)), await countShare(networkOf(address))));
    },
    countRead: async (caller) => refuseFor(await countRead(keyOf(caller))),
    countWrite: async (caller, address) => {
      const waits = await Promise.all([
        onDatabase("caller", callerWrites, keyOf(caller)),
        address === undefined ? 0 : onDatabase("address", addressWrites, networkOf(address)),
      ]);
      refuseFor(Math.max(...waits));
    },
  };
}

function countInMemory(perMinute: number): (key: string) => Promise<number> {
  if (perMinute === 0) return async () => 0;
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async (key) => {
    try {
      await limiter.consume(key);
      return 0;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.max(1, refused.msBeforeNext);
    }
  };
}

function keyOf(caller: Caller): string {
  return "service" in caller ? `service ${caller.service}` : caller.userId.toLowerCase();
}

function refuseFor(retryAfterMs: number): void {
  if (retryAfterMs > 0)
    throw new UploadError("rate_limited", "Too many requests. Wait a little.", { details: { retryAfterMs } });
}
