import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Lets an endpoint be plain HTTP, or an address of this machine or of a private network: for a gateway of one's own. */
export const INTERNAL_SETTING = "STORAGE_ALLOW_INTERNAL_ENDPOINTS";

/**
 * Why an endpoint from the database is not talked to, as the end of a sentence; `undefined` where it may be. Names are judged
 * by `lookupPublic` as well, whenever a connection is made: what they lead to can change.
 */
export function findEndpointProblem(endpoint: string): string | undefined {
  const url = URL.parse(endpoint);
  if (url === null || url.username !== "" || url.password !== "") return "is not the URL of a store";
  if (url.protocol !== "https:") return "is not https, so that anybody on the way could read along";
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  // The URL parser has made dotted decimals of every other way to write an IPv4 address.
  if (ipaddr.isValid(host)) return isPublicAddress(host) ? undefined : "is an internal address";
  if (!host.includes(".") || /\.(?:localhost|local|internal|home\.arpa)$/i.test(host))
    return "is an internal name";
  return undefined;
}

/** Of the internet, and not one that leads into a private network in disguise, as IPv6 has several. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}

/** All that was ever given out; beside it are forms such as `::127.0.0.1`, which no list of exceptions has in full. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** For sockets: resolves a name, and refuses it if any of its addresses is internal. No second look-up can then differ. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) return callback(error ?? notFound(hostname), "", 0);
    if (!addresses.every(({ address }) => isPublicAddress(address)))
      return callback(refused(hostname), "", 0);
    if (options.all === true) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function refused(hostname: string): NodeJS.ErrnoException {
  return Object.assign(
    new Error(`${hostname} leads to an internal address: ${INTERNAL_SETTING}=true allows it`),
    {
      code: "INTERNAL_ADDRESS",
    },
  );
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" });
}
