import type { Cdn } from "./cdn.ts";
import { callDigitalOcean, type DigitalOceanAccess } from "./digital-ocean-api.ts";

/** The CDN of Spaces, by DigitalOcean's own API. */
export function createDigitalOceanCdn(access: DigitalOceanAccess): Cdn {
  return {
    purge: async (cdnId, files) => {
      await callDigitalOcean(access, "DELETE", `/v2/cdn/endpoints/${encodeURIComponent(cdnId)}/cache`, {
        files,
      });
    },
  };
}
