import { BlockList, isIP, isIPv4 } from "node:net";
import { DEFAULT_RATE_LIMITS, DEFAULT_STREAM_LIMITS, type RateLimits } from "@audiotricks/companion";
import { z } from "zod";

const words = z.string().transform((list) => list.split(/[\s,]+/).filter((word) => word !== ""));

const PER_MINUTE = "must be a whole number of requests a minute; 0 is no limit";
const perMinute = z.coerce
  .number(PER_MINUTE)
  .int(PER_MINUTE)
  .min(0, PER_MINUTE)
  .max(2 ** 31 - 1, "is too large");

/** Who may do more than others, how often anybody may ask, and whom we believe where they come from. */
export const accessSettings = {
  OPERATORS: words
    .refine(
      (ids) => ids.every((id) => z.uuid().safeParse(id).success),
      "must be ids of rows in users, by commas",
    )
    .default([]),
  TRUSTED_PROXIES: words
    .refine((list) => list.every(isNetwork), "must be addresses or networks such as 10.0.0.0/8, by commas")
    .default([]),
  RATE_LIMIT_USER_READS: perMinute.default(DEFAULT_RATE_LIMITS.callerReads),
  RATE_LIMIT_USER_WRITES: perMinute.default(DEFAULT_RATE_LIMITS.callerWrites),
  RATE_LIMIT_ADDRESS_REQUESTS: perMinute.default(DEFAULT_RATE_LIMITS.addressRequests),
  RATE_LIMIT_ADDRESS_WRITES: perMinute.default(DEFAULT_RATE_LIMITS.addressWrites),
  RATE_LIMIT_ADDRESS_SHARES: perMinute.default(DEFAULT_RATE_LIMITS.addressShares),
  MAX_EVENT_STREAMS: z.coerce
    .number("must be a whole number; 0 is none")
    .int("must be a whole number; 0 is none")
    .min(0, "must not be negative")
    .max(100_000, "is too large")
    .default(DEFAULT_STREAM_LIMITS.perProcess),
  MAX_OPEN_UPLOADS: z.coerce
    .number("must be a whole number")
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(1_000_000, "is too large")
    .optional(),
};

export function rateLimitsOf(s: z.output<z.ZodObject<typeof accessSettings>>): RateLimits {
  return {
    callerReads: s.RATE_LIMIT_USER_READS,
    callerWrites: s.RATE_LIMIT_USER_WRITES,
    addressRequests: s.RATE_LIMIT_ADDRESS_REQUESTS,
    addressWrites: s.RATE_LIMIT_ADDRESS_WRITES,
    addressShares: s.RATE_LIMIT_ADDRESS_SHARES,
  };
}

function isNetwork(text: string): boolean {
  const [address = "", bits] = text.split("/");
  if (isIP(address) === 0) return false;
  if (bits === undefined) return true;
  try {
    new BlockList().addSubnet(
      address,
      /^\d{1,3}$/.test(bits) ? Number(bits) : -1,
      isIPv4(address) ? "ipv4" : "ipv6",
    );
    return text.split("/").length === 2;
  } catch {
    return false;
  }
}
