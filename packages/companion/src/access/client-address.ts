import { BlockList, isIP, isIPv4 } from "node:net";
import type { Context } from "hono";
import type { CompanionEnv } from "../companion-env.ts";

/** Where a request comes from: an IP address, or `undefined` where the server that runs us does not say. */
export type ClientAddress = (c: Context<CompanionEnv>) => string | undefined;

/**
 * The address at the other end of the connection; behind proxies that are trusted, the nearest one in `X-Forwarded-For` that none of
 * them has. What stands left of that is anybody's word.
 *
 * @param trustedProxies Addresses or networks, as `10.0.0.0/8`.
 * @throws {TypeError} If one is neither.
 */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addTrusted(trusted, proxy);
  const isTrusted = (address: string) => trusted.check(address, isIPv4(address) ? "ipv4" : "ipv6");

  return (c) => {
    // `env` is undefined outside a server, for example under `app.request()`.
    const { incoming } = (c.env as CompanionEnv["Bindings"] | undefined) ?? {};
    let address = normalize(incoming?.socket.remoteAddress ?? "");
    if (address === undefined || trustedProxies.length === 0) return address;
    const forwarded = (c.req.header("x-forwarded-for") ?? "").split(",");
    while (isTrusted(address)) {
      const before = normalize(forwarded.pop()?.trim() ?? "");
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

/** What a limit counts by: whoever has one address of IPv6 has all of its /64. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const [head = "", tail] = address.split("%", 1).join("").split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** `undefined` for what is no address. IPv4 comes in IPv6's clothes where a server listens on both. */
function normalize(text: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  const address = mapped ?? text.replace(/^\[(.+)\]$/, "$1").replace(/%.*$/, "");
  return isIP(address) === 0 ? undefined : address.toLowerCase();
}

function addTrusted(list: BlockList, proxy: string): void {
  const [network = "", bits, ...more] = proxy.split("/");
  const type = isIPv4(network) ? "ipv4" : "ipv6";
  const most = type === "ipv4" ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (isIP(network) === 0 || more.length > 0 || !/^\d{0,3}$/.test(bits ?? "") || bits === "" || length > most)
    throw new TypeError(`${JSON.stringify(proxy)} is neither an address nor a network such as 10.0.0.0/8`);
  list.addSubnet(network, length, type);
}
