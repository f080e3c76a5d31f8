/** An answer of S3's error table: a status, a code that programs read, a message that people do. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, string>;

  constructor(status: number, code: string, message = "", details: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** As Ceph says it: one code for expired, tampered and unknown alike, and no reason. */
export const accessDenied = (): S3Error => new S3Error(403, "AccessDenied");
export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error(404, "NoSuchBucket", "", { BucketName: bucket });
export const noSuchKey = (): S3Error => new S3Error(404, "NoSuchKey");
export const noSuchUpload = (): S3Error => new S3Error(404, "NoSuchUpload");
export const invalidArgument = (message: string): S3Error => new S3Error(400, "InvalidArgument", message);
export const malformedXml = (): S3Error => new S3Error(400, "MalformedXML");
export const notImplemented = (what: string): S3Error =>
  new S3Error(501, "NotImplemented", `${what} is not supported.`);
