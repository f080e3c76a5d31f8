import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** All of IPv6 that was ever given out. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Servers meet the same rule at every connection: what only the database names does not lead into our own network. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined)
      return callback(error ?? Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "", 0);
    if (!addresses.every(({ address }) => isPublic(address)))
      return callback(
        Object.assign(new Error(`${hostname} is internal`), { code: "INTERNAL_ADDRESS" }),
        "",
        0,
      );
    if (options.all === true) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}
