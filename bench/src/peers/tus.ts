import { createServer } from "node:http";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";
import { announce, readPeerEnvironment } from "./peer-environment.ts";

const { bucket, partSize } = readPeerEnvironment();
const datastore = new S3Store({
  partSize,
  useTags: false,
  s3ClientConfig: {
    bucket: bucket.bucket,
    endpoint: bucket.endpoint,
    region: bucket.region,
    forcePathStyle: true,
    credentials: { accessKeyId: bucket.accessKeyId, secretAccessKey: bucket.secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  },
});
const tus = new Server({ path: "/files", datastore });
announce(createServer((request, response) => void tus.handle(request, response)));
