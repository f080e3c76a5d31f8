import { type BucketAddress, locate } from "./bucket-address.ts";
import { createSigv4, type SigningCredentials } from "./sigv4.ts";
import { uriEncode, uriEncodePath } from "./uri-encode.ts";

export interface PresignerOptions extends BucketAddress {
  region: string;
  credentials: SigningCredentials;
  /** The store's clock as far as we know it: a signature dated by a wrong one is refused. */
  now: () => Date;
}

/** Makes URLs that carry the right to one request. They are credentials: never log them. `expiresIn` is seconds. */
export interface Presigner {
  /** Of all URLs it makes. */
  readonly origin: string;
  /** One PUT of exactly `size` bytes; of any number where the size is not known. */
  putObject(request: { key: string; size?: number; expiresIn: number }): string;
  uploadPart(request: {
    key: string;
    uploadId: string;
    partNumber: number;
    size?: number;
    expiresIn: number;
  }): string;
  getObject(request: {
    key: string;
    cacheControl?: string;
    contentDisposition?: string;
    contentType?: string;
    expiresIn: number;
  }): string;
  /** A form POST of 1 to `maxSize` bytes to exactly this key and type. */
  postObject(request: { key: string; contentType: string; maxSize: number; expiresIn: number }): {
    url: string;
    fields: Record<string, string>;
  };
}

export function createPresigner(options: PresignerOptions): Presigner {
  const sigv4 = createSigv4(options.credentials, options.region);
  // Once, not for each of thousands of parts.
  const bucket = locate(options, "");
  const { host } = bucket;
  const origin = `${bucket.protocol}//${host}`;

  function presign(
    method: "GET" | "PUT",
    key: string,
    query: Record<string, string>,
    size: number | undefined,
    expiresIn: number,
  ): string {
    const at = options.now();
    const { amzDate, credential } = sigv4.stamp(at);
    const path = bucket.path + uriEncodePath(key);
    const signedHeaders = size === undefined ? "host" : "content-length;host";
    const headers = size === undefined ? `host:${host}\n` : `content-length:${size}\nhost:${host}\n`;
    const before = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential=${uriEncode(credential)}&X-Amz-Date=${amzDate}&X-Amz-Expires=${expiresIn}`;
    let after = `X-Amz-SignedHeaders=${signedHeaders.replace(";", "%3B")}`;
    for (const name in query) after += `&${name}=${uriEncode(query[name] ?? "")}`;
    const canonical = `${method}\n${path}\n${before}&${after}\n${headers}\n${signedHeaders}\nUNSIGNED-PAYLOAD`;
    // S3 takes any order; the signature goes where the SDK puts it, so that the two can be compared.
    return `${origin}${path}?${before}&X-Amz-Signature=${sigv4.signRequest(canonical, at)}&${after}`;
  }

  return {
    origin,
    putObject: ({ key, size, expiresIn }) => presign("PUT", key, { "x-id": "PutObject" }, size, expiresIn),
    uploadPart: ({ key, uploadId, partNumber, size, expiresIn }) =>
      presign(
        "PUT",
        key,
        { partNumber: String(partNumber), uploadId, "x-id": "UploadPart" },
        size,
        expiresIn,
      ),
    getObject: ({ key, cacheControl, contentDisposition, contentType, expiresIn }) =>
      presign(
        "GET",
        key,
        {
          ...(cacheControl === undefined ? {} : { "response-cache-control": cacheControl }),
          ...(contentDisposition === undefined ? {} : { "response-content-disposition": contentDisposition }),
          ...(contentType === undefined ? {} : { "response-content-type": contentType }),
          "x-id": "GetObject",
        },
        undefined,
        expiresIn,
      ),
    postObject: ({ key, contentType, maxSize, expiresIn }) => {
      const at = options.now();
      const { amzDate, credential } = sigv4.stamp(at);
      const fields: Record<string, string> = {
        key,
        "Content-Type": contentType,
        success_action_status: "201",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": credential,
        "x-amz-date": amzDate,
      };
      const policy = Buffer.from(
        JSON.stringify({
          expiration: new Date(at.getTime() + expiresIn * 1000).toISOString(),
          conditions: [
            { bucket: options.bucket },
            ["content-length-range", 1, maxSize],
            ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
          ],
        }),
      ).toString("base64");
      return {
        url: origin + bucket.path,
        fields: { ...fields, policy, "x-amz-signature": sigv4.signPolicy(policy, at) },
      };
    },
  };
}
