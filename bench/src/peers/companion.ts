import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import * as companion from "@uppy/companion";
import { announce, readPeerEnvironment } from "./peer-environment.ts";

const { bucket, pageOrigin, folder } = readPeerEnvironment();
const { app } = companion.app({
  secret: randomUUID(),
  filePath: folder,
  server: { host: "127.0.0.1", protocol: "http" },
  corsOrigins: [pageOrigin],
  uploadUrls: [bucket.endpoint],
  metrics: false,
  s3: {
    key: bucket.accessKeyId,
    secret: bucket.secretAccessKey,
    endpoint: bucket.endpoint,
    region: bucket.region,
    bucket: bucket.bucket,
    forcePathStyle: true,
    expires: 3600,
    getKey: () => randomUUID(),
    // Its users set these for stores that are not Amazon's.
    awsClientOptions: {
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    },
  },
});
const server = createServer(app);
companion.socket(server);
announce(server);
