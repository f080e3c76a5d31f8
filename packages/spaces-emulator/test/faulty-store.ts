import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { FaultKit } from "../src/faults.ts";
import { startSpacesEmulator } from "../src/index.ts";
import { multipart } from "./contract/multipart.ts";
import { ORIGIN } from "./contract/open-store.ts";

const bucket = "faulty";
export const TOKEN = "a token for tests";

/** An emulator in this process whose faults can be injected, and clients that take every answer as it comes. */
export async function openFaultyStore() {
  const dataDir = await mkdtemp(join(tmpdir(), "emulator-"));
  const credentials = { accessKeyId: "EMULATOR", secretAccessKey: randomUUID() };
  const faults = new FaultKit();
  const emulator = await startSpacesEmulator({
    port: 0,
    dataDir,
    credentials: [credentials],
    faults,
    faultToken: TOKEN,
  });
  const client = (maxAttempts: number) =>
    new S3Client({
      endpoint: emulator.endpoint,
      region: "us-east-1",
      credentials,
      forcePathStyle: true,
      maxAttempts,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  const [s3, patient] = [client(1), client(5)];
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const rule = {
    AllowedOrigins: [ORIGIN],
    AllowedMethods: ["GET", "PUT"],
    ExposeHeaders: ["ETag", "x-amz-id"],
  };
  await s3.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } }));
  const at = (Key: string) => ({ Bucket: bucket, Key });
  const { endpoint } = emulator;
  return {
    bucket,
    dataDir,
    endpoint,
    faults,
    s3,
    /** Tries again by itself. */
    patient,
    mp: multipart(() => ({ bucket, s3, endpoint, credentials }) as never),
    at,
    put: (Key: string, Body: string | Uint8Array) => s3.send(new PutObjectCommand({ ...at(Key), Body })),
    putUrl: (Key: string, expiresIn = 900) => getSignedUrl(s3, new PutObjectCommand(at(Key)), { expiresIn }),
    getUrl: (Key: string) => getSignedUrl(s3, new GetObjectCommand(at(Key))),
    has: (Key: string) =>
      s3.send(new HeadObjectCommand(at(Key))).then(
        () => true,
        () => false,
      ),
    stop: () => emulator.close(),
    async close() {
      s3.destroy();
      patient.destroy();
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
