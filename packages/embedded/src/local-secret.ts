import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A secret that this data directory keeps to itself (mode 600), made when first asked for: tokens and signed URLs
 * handed out before a restart stay good after it. Call with the directory locked.
 *
 * @returns 32 random bytes, base64.
 */
export function localSecret(dataDir: string, name: string): string {
  const directory = join(dataDir, "secrets");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, name);
  if (existsSync(file)) {
    const secret = readFileSync(file, "utf8").trim();
    if (Buffer.from(secret, "base64").length === 32) return secret;
  }
  const secret = randomBytes(32).toString("base64");
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}
