import { GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPresigner } from "./presign.ts";

const key = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
    fc.string({ minLength: 1, maxLength: 60 }),
    fc
      .array(fc.constantFrom("a", "é", " ", "+", "%", "//", "/", "..", "!'()*~", "🎵", "&=?#"), {
        minLength: 1,
      })
      .map((p) => p.join("")),
  )
  // `/x` and `./x` are other keys to a URL parser inside the SDK; ours never start so.
  .map((text) => `k${text}`);
const at = fc.date({ min: new Date("2001-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/);
const address = fc.record({
  endpoint: fc.constantFrom("https://nyc3.digitaloceanspaces.com", "http://store.example:9000"),
  bucket,
  forcePathStyle: fc.boolean(),
  region: fc.constantFrom("nyc3", "us-east-1"),
  credentials: fc.record({
    accessKeyId: fc.stringMatching(/^[A-Z0-9]{4,20}$/),
    secretAccessKey: fc.string({ minLength: 1, maxLength: 40 }),
  }),
});
const expiresIn = fc.integer({ min: 1, max: 604_800 });
const size = fc.integer({ min: 1, max: 5_000_000_000 });
const uploadId = fc.string({ minLength: 1, maxLength: 80 });
const header = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });

interface Address {
  endpoint: string;
  bucket: string;
  forcePathStyle: boolean;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** One for all runs that differ in nothing but bucket and credentials: making one costs more than signing with it. */
const clients = new Map<string, S3Client>();

function clientOf({ endpoint, forcePathStyle, region, credentials }: Address): S3Client {
  const name = JSON.stringify([endpoint, forcePathStyle, region]);
  const client =
    clients.get(name) ??
    new S3Client({
      endpoint,
      forcePathStyle,
      region,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  clients.set(name, client);
  client.config.credentials = () => Promise.resolve(credentials);
  return client;
}

function setUp(options: Address, signingDate: Date) {
  return { client: clientOf(options), presigner: createPresigner({ ...options, now: () => signingDate }) };
}

describe("createPresigner", { timeout: 60_000 }, () => {
  it("signs a PUT byte for byte as the AWS SDK does", async () => {
    await fc.assert(
      fc.asyncProperty(
        address,
        at,
        key,
        size,
        expiresIn,
        async (options, signingDate, Key, ContentLength, seconds) => {
          const { client, presigner } = setUp(options, signingDate);
          const command = new PutObjectCommand({ Bucket: options.bucket, Key, ContentLength });
          expect(presigner.putObject({ key: Key, size: ContentLength, expiresIn: seconds })).toBe(
            await getSignedUrl(client, command, { signingDate, expiresIn: seconds }),
          );
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("signs a part byte for byte as the AWS SDK does, of known and of unknown size", async () => {
    await fc.assert(
      fc.asyncProperty(
        address,
        at,
        key,
        fc.integer({ min: 1, max: 10_000 }),
        uploadId,
        fc.option(size, { nil: undefined }),
        expiresIn,
        async (options, signingDate, Key, PartNumber, UploadId, ContentLength, seconds) => {
          const { client, presigner } = setUp(options, signingDate);
          const command = new UploadPartCommand({
            Bucket: options.bucket,
            Key,
            PartNumber,
            UploadId,
            ContentLength,
          });
          const ours = presigner.uploadPart({
            key: Key,
            uploadId: UploadId,
            partNumber: PartNumber,
            expiresIn: seconds,
            ...(ContentLength === undefined ? {} : { size: ContentLength }),
          });
          expect(ours).toBe(await getSignedUrl(client, command, { signingDate, expiresIn: seconds }));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("signs a download byte for byte as the AWS SDK does, with any override", async () => {
    await fc.assert(
      fc.asyncProperty(
        address,
        at,
        key,
        header,
        header,
        header,
        expiresIn,
        async (options, signingDate, Key, disposition, type, cacheControl, seconds) => {
          const { client, presigner } = setUp(options, signingDate);
          const command = new GetObjectCommand({
            Bucket: options.bucket,
            Key,
            ResponseCacheControl: cacheControl,
            ResponseContentDisposition: disposition,
            ResponseContentType: type,
          });
          expect(
            presigner.getObject({
              key: Key,
              cacheControl,
              contentDisposition: disposition,
              contentType: type,
              expiresIn: seconds,
            }),
          ).toBe(await getSignedUrl(client, command, { signingDate, expiresIn: seconds }));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("derives the day's key anew when the day changes", async () => {
    let now = new Date("2026-12-31T23:59:59.999Z");
    const credentials = { accessKeyId: "AK", secretAccessKey: "SK" };
    const options = {
      endpoint: "https://s.example",
      bucket: "bucket",
      forcePathStyle: true,
      region: "r",
      credentials,
    };
    const presigner = createPresigner({ ...options, now: () => now });
    for (const day of ["2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z"]) {
      now = new Date(day);
      expect(presigner.putObject({ key: "k", size: 1, expiresIn: 60 })).toBe(
        await getSignedUrl(
          setUp(options, now).client,
          new PutObjectCommand({ Bucket: "bucket", Key: "k", ContentLength: 1 }),
          {
            signingDate: now,
            expiresIn: 60,
          },
        ),
      );
    }
  });
});
