import { z } from "zod";
import { OperatorError } from "../operator/operator-error.ts";
import { callDigitalOcean, type DigitalOceanAccess, DigitalOceanRefusal } from "./digital-ocean-api.ts";

/** Seconds that copies are kept for: the vendor takes no others. */
export const CDN_TTLS = [60, 600, 3600, 86_400, 604_800] as const;
export type CdnTtl = (typeof CDN_TTLS)[number];

export interface CdnEndpoint {
  /** The vendor's id, by which copies are purged. */
  id: string;
  /** Where public files are read. */
  host: string;
  outcome: "made" | "there";
}

const endpoint = z.object({ id: z.uuid(), origin: z.string(), endpoint: z.string().min(1) });
const page = z.object({
  endpoints: z.array(endpoint),
  links: z.object({ pages: z.object({ next: z.string().optional() }).optional() }).optional(),
});
const made = z.object({ endpoint });

const PAGE_SIZE = 200;
/** An account has 100 buckets at most. */
const MAX_PAGES = 10;

/**
 * The CDN endpoint before a bucket, made where there is none. Safe to repeat, also where the answer to the first time was lost.
 *
 * @param origin The bucket's own host, `BUCKET.REGION.digitaloceanspaces.com`.
 * @throws {OperatorError} `cdn_refused`, with what the vendor said and what to do.
 */
export async function ensureCdnEndpoint(
  access: DigitalOceanAccess,
  { origin, ttl }: { origin: string; ttl: CdnTtl },
): Promise<CdnEndpoint> {
  try {
    const there = await findEndpoint(access, origin);
    if (there !== undefined) return { ...there, outcome: "there" };
    return await makeEndpoint(access, origin, ttl);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw refused(error);
  }
}

async function makeEndpoint(access: DigitalOceanAccess, origin: string, ttl: CdnTtl): Promise<CdnEndpoint> {
  try {
    const answer = made.parse(await callDigitalOcean(access, "POST", "/v2/cdn/endpoints", { origin, ttl }));
    return { id: answer.endpoint.id, host: answer.endpoint.endpoint, outcome: "made" };
  } catch (error) {
    // Somebody else has made it meanwhile.
    const there =
      error instanceof DigitalOceanRefusal && error.status === 409
        ? await findEndpoint(access, origin)
        : undefined;
    if (there === undefined) throw error;
    return { ...there, outcome: "there" };
  }
}

async function findEndpoint(access: DigitalOceanAccess, origin: string) {
  for (let number = 1; number <= MAX_PAGES; number++) {
    const path = `/v2/cdn/endpoints?page=${number}&per_page=${PAGE_SIZE}`;
    const { endpoints, links } = page.parse(await callDigitalOcean(access, "GET", path));
    const found = endpoints.find((one) => one.origin.toLowerCase() === origin.toLowerCase());
    if (found !== undefined) return { id: found.id, host: found.endpoint };
    if (links?.pages?.next === undefined) return undefined;
  }
  return undefined;
}

const MENDS: Readonly<Record<number, string>> = {
  401: "Set DIGITALOCEAN_TOKEN to a token of the bucket's account.",
  403: "Give the token the right to make CDN endpoints.",
  409: "The bucket has a CDN that this token does not see: use a token of the bucket's account, or name it by --cdn-endpoint.",
  422: "The vendor takes no bucket with a dot in its name, and none of another account.",
  429: "The vendor takes 5 calls in 10 seconds: repeat the command in a minute, it goes on where it was.",
};

function refused(cause: unknown): OperatorError {
  const why =
    cause instanceof DigitalOceanRefusal
      ? `${cause.status} ${cause.sentence}`.trimEnd()
      : cause instanceof z.ZodError
        ? "what is not its API's answer"
        : "nothing";
  const mend =
    (cause instanceof DigitalOceanRefusal ? MENDS[cause.status] : undefined) ??
    "Repeat the command: it goes on where it was.";
  return new OperatorError("cdn_refused", `DigitalOcean answered ${why} when asked for the CDN. ${mend}`, {
    cause,
  });
}
