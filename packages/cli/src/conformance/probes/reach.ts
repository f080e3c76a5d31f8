import { resolve4 } from "node:dns/promises";
import { connect } from "node:tls";
import { takesSubdomains } from "@audiotricks/storage";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Ground } from "../ground.ts";
import { CouldNotTell, type Probe, type Unasked } from "../probe.ts";

/** Regions that code elsewhere names and the vendor's pages do not. */
const RUMOURED_REGIONS = ["ric1", "mkc1"];
const SPACES = "digitaloceanspaces.com";

export const reach: readonly (Probe | Unasked)[] = [
  {
    name: "http-version",
    asks: "which HTTP TLS agrees on, at the bucket's host names",
    stated: "http/1.1",
    means: {
      asStated: "Browsers open six connections to each host name: lanes and both host names pay.",
      other: "All lanes of a page share one TCP connection: measure SPACES_TWO_HOSTS before it is left on.",
    },
    ask: async (ground) => {
      if (!ground.bucket.endpoint.startsWith("https:"))
        throw new CouldNotTell("the endpoint is plain HTTP, where browsers speak HTTP/1.1");
      const protocols = await Promise.all(hostsOf(ground).map((host) => agreedProtocol(ground, host)));
      return [...new Set(protocols)].join(" and ");
    },
  },
  {
    name: "two-hosts",
    asks: "an object by its other host name, BUCKET.ENDPOINT or ENDPOINT/BUCKET",
    stated: "200",
    means: {
      asStated: "SPACES_TWO_HOSTS=true can be used.",
      other: "SPACES_TWO_HOSTS must stay false.",
    },
    ask: async (ground) => {
      const { endpoint, bucket, forcePathStyle } = ground.bucket;
      if (!takesSubdomains(endpoint)) return "an address has no subdomains";
      const key = ground.newKey("hosts");
      await ground.put(key, "hosts");
      const other = ground.openClient({ forcePathStyle: !forcePathStyle });
      try {
        const url = await getSignedUrl(other, new GetObjectCommand({ Bucket: bucket, Key: key }));
        return String((await ground.ask(url)).status);
      } finally {
        other.destroy();
      }
    },
  },
  {
    name: "more-regions",
    asks: `whether ${RUMOURED_REGIONS.join(" and ")} have a host of ${SPACES}`,
    stated: "none",
    means: {
      asStated: "The list of regions is complete.",
      other: "A region more can be offered; SPACES_ENDPOINT takes any.",
    },
    ask: async (ground) => {
      if (!new URL(ground.bucket.endpoint).hostname.endsWith(`.${SPACES}`))
        throw new CouldNotTell("this is not Spaces");
      const found = await Promise.all(RUMOURED_REGIONS.map(hasHost));
      return RUMOURED_REGIONS.filter((_, index) => found[index]).join(", ") || "none";
    },
  },
  {
    name: "price",
    asks: "what is charged",
    notProbed: "no call of S3 tells it; the vendor's bill does",
    means: "Costs that are shown are estimates from configured prices.",
  },
];

function hostsOf({ bucket: { endpoint, bucket } }: Ground): string[] {
  const { hostname } = new URL(endpoint);
  return takesSubdomains(endpoint) ? [hostname, `${bucket}.${hostname}`] : [hostname];
}

async function agreedProtocol({ bucket, lookup, limits }: Ground, host: string): Promise<string> {
  const port = Number(new URL(bucket.endpoint).port || 443);
  return await new Promise<string>((resolve, reject) => {
    // Who it is matters to the requests that carry something; this one only hears what is spoken.
    const socket = connect({
      host,
      port,
      servername: host,
      ALPNProtocols: ["h2", "http/1.1"],
      timeout: limits.requestMs,
      ...(lookup && { lookup }),
    });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new CouldNotTell(`no answer from ${host}: ${reason}`, { isConnection: true }));
    };
    socket.once("secureConnect", () => {
      socket.end();
      resolve(socket.alpnProtocol || "http/1.1");
    });
    socket.once("timeout", () => fail("TimeoutError"));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.name));
  });
}

async function hasHost(region: string): Promise<boolean> {
  try {
    return (await resolve4(`${region}.${SPACES}`)).length > 0;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOTFOUND" || code === "ENODATA") return false;
    throw new CouldNotTell(`no answer from DNS: ${code}`, { cause, isConnection: true });
  }
}
