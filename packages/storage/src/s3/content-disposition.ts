import { uriEncode } from "./uri-encode.ts";

/**
 * A `Content-Disposition` for any file name: RFC 6266 with an ASCII fallback and RFC 8187's `filename*`. Control
 * characters, quotes and path separators cannot get through, whatever the name holds.
 */
export function contentDisposition(disposition: "attachment" | "inline", fileName: string): string {
  const name = fileName
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replaceAll(/[/\\]/g, "_")
    .trim();
  if (name === "") return disposition;
  const ascii = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^\x20-\x7e]/gu, "_")
    // Again: some letters are a separator once they are ASCII.
    .replaceAll(/["%;/\\]/g, "_");
  const fallback = `${disposition}; filename="${ascii}"`;
  return ascii === name ? fallback : `${fallback}; filename*=UTF-8''${uriEncode(name)}`;
}
