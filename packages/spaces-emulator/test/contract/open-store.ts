import { randomUUID } from "node:crypto";
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from "@aws-sdk/client-s3";

/** An S3 server under test, with a bucket of its own for this suite. */
export interface OpenStore extends AsyncDisposable {
  endpoint: string;
  bucket: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  s3: S3Client;
  /** A client with another account's keys; the server may not know them. */
  stranger: S3Client;
}

export const ORIGIN = "https://app.example.com";

interface Server {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  stranger: { accessKeyId: string; secretAccessKey: string };
  close(): Promise<void>;
}

export async function openStore(server: Server): Promise<OpenStore> {
  const { endpoint, credentials } = server;
  const s3 = client(endpoint, credentials);
  const stranger = client(endpoint, server.stranger);
  const bucket = `contract-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(
    new PutBucketCorsCommand({
      Bucket: bucket,
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedOrigins: [ORIGIN],
            AllowedMethods: ["GET", "PUT", "POST", "HEAD"],
            AllowedHeaders: ["*"],
            ExposeHeaders: ["ETag"],
            MaxAgeSeconds: 600,
          },
        ],
      },
    }),
  );
  return {
    endpoint,
    bucket,
    credentials,
    s3,
    stranger,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      stranger.destroy();
      await server.close();
    },
  };
}

function client(endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** `404 NoSuchKey`, say, of a call that must fail. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode} ${name}`;
  }
  return "no refusal";
}

/** The same of a raw answer. */
export async function refusalOf(answer: Response): Promise<string> {
  const code = /<Code>([^<]*)<\/Code>/.exec(await answer.text())?.[1];
  return `${answer.status} ${code}`;
}

/** Bytes that differ by seed and place, so that a part in the wrong place shows. */
export function bytes(size: number, seed = 1): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    buffer[i] = state >>> 24;
  }
  return buffer;
}
