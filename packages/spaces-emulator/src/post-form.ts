import { rm } from "node:fs/promises";
import { Transform, type TransformCallback } from "node:stream";
import type { Answer } from "./answer.ts";
import type { Bucket } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { readAcl } from "./object-headers.ts";
import { writeHashed } from "./receive-body.ts";
import { accessDenied, invalidArgument, S3Error } from "./s3-error.ts";
import { type Credentials, verifyPolicySignature } from "./signature.ts";

const MAX_FIELDS_SIZE = 64 * 1024;
const KEPT_FIELDS = ["content-type", "cache-control", "content-disposition", "content-encoding"];

/** A browser's form POST: text fields with a signed policy, then the file, which must come last. */
export async function postObject(
  { disk, request, skewMs }: HandlerContext,
  bucket: Bucket,
  credentials: readonly Credentials[],
): Promise<Answer> {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]{1,70})"?/i.exec(
    request.headers["content-type"] ?? "",
  )?.[1];
  if (boundary === undefined) throw new S3Error(412, "PreconditionFailed");
  const form = new FormReader(boundary, (fields) =>
    checkPolicy(bucket, fields, credentials, Date.now() + skewMs),
  );
  const file = disk.tempFile();
  const body = await writeHashed(request.body, file, { through: form });
  try {
    if (!form.isWhole) throw new S3Error(400, "IncompleteBody");
    const range = form.sizeRange;
    if (range !== undefined && body.size < range.min) throw new S3Error(400, "EntityTooSmall");
    if (range !== undefined && body.size > range.max) throw new S3Error(400, "EntityTooLarge");
    const key = form.fields.get("key") ?? "";
    const headers = [...form.fields].filter(
      ([name]) => KEPT_FIELDS.includes(name) || name.startsWith("x-amz-meta-"),
    );
    const acl = readAcl(form.fields.get("acl"));
    const blob = await disk.keep(file, body.size);
    await disk.saveObject(bucket, {
      key,
      size: body.size,
      etag: body.md5,
      lastModified: new Date().toISOString(),
      headers: Object.fromEntries(headers),
      acl,
      blobs: [blob],
    });
    const status = form.fields.get("success_action_status");
    // As Ceph: no ETag in the answer to a form.
    return { status: status === "200" || status === "201" ? Number(status) : 204 };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

interface SizeRange {
  min: number;
  max: number;
}

/** @returns The size the policy allows. @throws {S3Error} `AccessDenied` unless every field is in the signed policy. */
function checkPolicy(
  bucket: Bucket,
  fields: ReadonlyMap<string, string>,
  credentials: readonly Credentials[],
  now: number,
): SizeRange | undefined {
  if ((fields.get("key") ?? "") === "") throw invalidArgument("key");
  verifyPolicySignature(fields, credentials);
  const policy = parsePolicy(fields.get("policy") ?? "");
  if (!(Date.parse(policy.expiration) > now)) throw accessDenied();
  const allowed = new Set(["policy", "x-amz-signature", "file"]);
  let range: SizeRange | undefined;
  for (const condition of policy.conditions) {
    if (Array.isArray(condition)) {
      const [operator, first, second] = condition as unknown[];
      if (operator === "content-length-range") {
        range = { min: Number(first), max: Number(second) };
        continue;
      }
      const name = String(first).replace(/^\$/, "").toLowerCase();
      const value = name === "bucket" ? bucket.name : (fields.get(name) ?? "");
      const holds =
        operator === "eq"
          ? value === String(second)
          : operator === "starts-with" && value.startsWith(String(second));
      if (!holds) throw accessDenied();
      allowed.add(name);
    } else if (typeof condition === "object" && condition !== null) {
      for (const [name, wanted] of Object.entries(condition)) {
        const value = name.toLowerCase() === "bucket" ? bucket.name : fields.get(name.toLowerCase());
        if (value !== wanted) throw accessDenied();
        allowed.add(name.toLowerCase());
      }
    } else throw accessDenied();
  }
  for (const name of fields.keys()) {
    if (!allowed.has(name) && !name.startsWith("x-ignore-")) throw accessDenied();
  }
  return range;
}

function parsePolicy(encoded: string): { expiration: string; conditions: unknown[] } {
  try {
    const policy: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    if (typeof policy === "object" && policy !== null && "expiration" in policy && "conditions" in policy) {
      const { expiration, conditions } = policy;
      if (typeof expiration === "string" && Array.isArray(conditions)) return { expiration, conditions };
    }
  } catch {
    // Falls through to the one answer.
  }
  throw new S3Error(400, "InvalidPolicyDocument");
}

/** Keeps the fields and lets only the file's bytes through. */
class FormReader extends Transform {
  readonly fields = new Map<string, string>();
  sizeRange: SizeRange | undefined;
  isWhole = false;
  readonly #delimiter: Buffer;
  readonly #onFields: (fields: ReadonlyMap<string, string>) => SizeRange | undefined;
  #pending: Buffer;
  #isInFile = false;

  constructor(boundary: string, onFields: (fields: ReadonlyMap<string, string>) => SizeRange | undefined) {
    super({ highWaterMark: 1 << 20 });
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#onFields = onFields;
    // So that the first delimiter looks like all others.
    this.#pending = Buffer.from("\r\n");
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let refusal: Error | undefined;
    try {
      this.#take(bytes);
    } catch (error) {
      refusal = error instanceof Error ? error : new Error(String(error));
    }
    done(refusal);
  }

  #take(bytes: Buffer): void {
    if (this.isWhole) return;
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (!this.#isInFile && this.#readField()) {
      // One field after another, until the file begins or bytes run out.
    }
    if (this.#isInFile) this.#passFile();
    else if (this.#pending.length > MAX_FIELDS_SIZE) throw new S3Error(400, "MaxPostPreDataLengthExceeded");
  }

  #readField(): boolean {
    const headEnd = this.#pending.indexOf("\r\n\r\n", this.#delimiter.length);
    if (headEnd === -1 || this.#pending.indexOf(this.#delimiter) !== 0) return false;
    const head = this.#pending.subarray(this.#delimiter.length, headEnd).toString("utf8");
    const name = /\bname="([^"]*)"/i.exec(head)?.[1]?.toLowerCase();
    if (name === undefined) throw invalidArgument("form");
    if (name === "file") {
      this.sizeRange = this.#onFields(this.fields);
      this.#pending = this.#pending.subarray(headEnd + 4);
      this.#isInFile = true;
      return false;
    }
    const end = this.#pending.indexOf(this.#delimiter, headEnd + 4 - 2);
    if (end === -1) return false;
    this.fields.set(name, this.#pending.subarray(headEnd + 4, Math.max(end, headEnd + 4)).toString("utf8"));
    this.#pending = this.#pending.subarray(end);
    return true;
  }

  #passFile(): void {
    const end = this.#pending.indexOf(this.#delimiter);
    if (end !== -1) {
      this.push(this.#pending.subarray(0, end));
      this.#pending = Buffer.alloc(0);
      this.isWhole = true;
      return;
    }
    // The delimiter may be cut in two: its length stays behind.
    const safe = this.#pending.length - this.#delimiter.length;
    if (safe <= 0) return;
    this.push(this.#pending.subarray(0, safe));
    this.#pending = this.#pending.subarray(safe);
  }
}
