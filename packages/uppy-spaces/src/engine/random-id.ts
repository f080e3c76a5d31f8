import { toHex } from "./bytes-as-text.ts";

/** 128 random bits as hex. `crypto.randomUUID` is missing on pages served without TLS. */
export function randomId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
