import { createCipheriv, createHash } from "node:crypto";

/** Bytes of which no two stretches are equal, so that parts in a wrong order or sent twice show. */
export type Noise = (bytes: number) => Buffer;

/** AES in counter mode over zeros: faster than any disk, and reproducible. Equal seeds make equal noise. */
export function noiseOf(seed: number): Noise {
  const key = createHash("sha256").update(`audio ${seed}`).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return (bytes) => cipher.update(Buffer.alloc(bytes));
}
