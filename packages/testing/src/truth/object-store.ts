import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListPartsCommand,
  S3Client,
} from "@aws-sdk/client-s3";

export interface StoreAddress {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface OpenUpload {
  key: string;
  uploadId: string;
}

/** The bucket as it really is, seen past the companion. */
export class ObjectStore {
  readonly origin: string;
  readonly address: StoreAddress;
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(address: StoreAddress) {
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = address;
    this.address = address;
    this.origin = new URL(endpoint).origin;
    this.#bucket = bucket;
    this.#client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  /** Of every object there is, sorted. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for (let marker: string | undefined; ; marker = keys.at(-1)) {
      const page = await this.#client.send(
        new ListObjectsCommand({ Bucket: this.#bucket, ...(marker === undefined ? {} : { Marker: marker }) }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      if (page.IsTruncated !== true) return keys.sort();
    }
  }

  async sha256(key: string): Promise<string> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    const hash = createHash("sha256");
    // In Node the SDK's body is a readable stream.
    for await (const bytes of Body as Readable) hash.update(bytes);
    return hash.digest("hex");
  }

  async openUploads(): Promise<OpenUpload[]> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.#bucket }),
    );
    return Uploads.flatMap(({ Key, UploadId }) =>
      Key === undefined || UploadId === undefined ? [] : [{ key: Key, uploadId: UploadId }],
    );
  }

  /** Part number → when it arrived and what it is; a part that is sent again gets another time. */
  async parts({ key, uploadId }: OpenUpload): Promise<Map<number, string>> {
    const { Parts = [] } = await this.#client.send(
      new ListPartsCommand({ Bucket: this.#bucket, Key: key, UploadId: uploadId }),
    );
    return new Map(
      Parts.map(({ PartNumber = 0, LastModified, ETag }) => [
        PartNumber,
        `${LastModified?.toISOString()} ${ETag}`,
      ]),
    );
  }

  close(): void {
    this.#client.destroy();
  }
}
