import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { type Router, route } from "@better-upload/server";
import { toNodeHandler } from "@better-upload/server/adapters/node";
import { custom } from "@better-upload/server/clients";
import { announce, readPeerEnvironment } from "./peer-environment.ts";

const { bucket, pageOrigin, partSize } = readPeerEnvironment();
const limits = { maxFileSize: 5_000_000_000, maxFiles: 10_000, multipleFiles: true } as const;
const generateKeys = { generateObjectInfo: () => ({ key: randomUUID() }) };

const router: Router = {
  client: custom({
    host: new URL(bucket.endpoint).host,
    secure: false,
    forcePathStyle: true,
    region: bucket.region,
    accessKeyId: bucket.accessKeyId,
    secretAccessKey: bucket.secretAccessKey,
  }),
  bucketName: bucket.bucket,
  routes: {
    // All URLs are signed before the first byte goes, so they have to last.
    whole: route({ ...limits, signedUrlExpiresIn: 3600, onBeforeUpload: () => generateKeys }),
    parts: route({
      ...limits,
      multipart: true,
      partSize,
      partSignedUrlExpiresIn: 3600,
      completeSignedUrlExpiresIn: 3600,
      onBeforeUpload: () => generateKeys,
    }),
  },
};

const handle = toNodeHandler(router);
const server = createServer((request, response) => {
  response.setHeader("access-control-allow-origin", pageOrigin);
  response.setHeader("access-control-allow-headers", "content-type");
  response.setHeader("access-control-max-age", "3600");
  if (request.method === "OPTIONS") response.writeHead(204).end();
  else void handle(request, response);
});
announce(server);
