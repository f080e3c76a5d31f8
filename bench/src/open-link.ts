import { CHROMIUM } from "@audiotricks/testing/chromium";
import { NAMESPACES, type Namespaces } from "./link/enter-namespaces.ts";
import type { Link } from "./link/link.ts";
import { namespaceLink } from "./link/namespace-link.ts";
import { relayLink } from "./link/relay-link.ts";

/** The best that there is here. @param ports What the browser speaks to on 127.0.0.1. */
export async function openLink(ports: readonly number[]): Promise<Link> {
  const inside = process.env[NAMESPACES];
  if (inside === undefined) return await relayLink(ports);
  // As `runInNamespaces` wrote it.
  return await namespaceLink(JSON.parse(inside) as Namespaces, CHROMIUM.executablePath);
}

/** Only the kernel's TCP knows of packets. */
export function canLosePackets(): boolean {
  return process.env[NAMESPACES] !== undefined;
}
