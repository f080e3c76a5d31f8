const UNRESERVED_LEFT_ALONE_BY_JS = /[!'()*]/g;

/** Percent-encodes all but RFC 3986's unreserved characters, as SigV4 wants it. Throws on lone surrogates. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    UNRESERVED_LEFT_ALONE_BY_JS,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** As `uriEncode`, with the slashes between segments kept. */
export function uriEncodePath(path: string): string {
  return path.split("/").map(uriEncode).join("/");
}
