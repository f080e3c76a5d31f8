import type { Cdn } from "./cdn.ts";

const TIMEOUT_MS = 10_000;

/**
 * The CDN of Spaces, by DigitalOcean's own API.
 *
 * @param options.token An API token that may change CDNs; not a key of Spaces.
 * @param options.apiOrigin For tests.
 */
export function createDigitalOceanCdn(options: { token: string; apiOrigin?: string }): Cdn {
  const { token, apiOrigin = "https://api.digitalocean.com" } = options;
  return {
    purge: async (cdnId, keys) => {
      const answer = await fetch(`${apiOrigin}/v2/cdn/endpoints/${encodeURIComponent(cdnId)}/cache`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ files: keys }),
        // The token goes to nobody else.
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (!answer.ok)
        throw new Error(`the CDN answered ${answer.status} to a purge of ${keys.length} objects`);
    },
  };
}
