import { Readable } from "node:stream";
import { DeleteObjectsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Probe } from "../probe.ts";

const ignore = (): void => undefined;

export const checksums: readonly Probe[] = [
  {
    name: "checksum-header",
    asks: "a PUT whose x-amz-checksum-crc32 is of other bytes",
    stated: "200",
    means: {
      asStated: "Ignored: Content-MD5 is what protects parts.",
      other: "Checked: URLs must be signed with checksums WHEN_REQUIRED, as they are.",
    },
    ask: (ground) =>
      ground.answerTo(
        (s3) =>
          s3.send(
            new PutObjectCommand({
              Bucket: ground.bucket.bucket,
              Key: ground.newKey("crc"),
              Body: "x",
              ChecksumCRC32: "AAAAAA==",
            }),
          ),
        1,
      ),
  },
  {
    name: "content-sha256",
    asks: "a PUT whose signed x-amz-content-sha256 is of other bytes",
    stated: "refused",
    means: {
      asStated: "Bodies of our own calls are protected.",
      other: "Bodies of our own calls are protected by TLS alone.",
    },
    ask: async (ground) => {
      const command = new PutObjectCommand({
        Bucket: ground.bucket.bucket,
        Key: ground.newKey("sha256"),
        Body: "x",
      });
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          headers["x-amz-content-sha256"] = "0".repeat(64);
          return next(args);
        },
        { step: "build" },
      );
      const answer = await ground.answerTo((s3) => s3.send(command), 1);
      return /^4\d\d /.test(answer) ? "refused" : answer;
    },
  },
  {
    name: "sdk-stream",
    asks: "a stream as the SDK sends it with its default checksums",
    stated: "411 MissingContentLength",
    means: {
      asStated: "The SDK's defaults do not work here: clients are made with WHEN_REQUIRED.",
      other: "The SDK's defaults work here; clients are made with WHEN_REQUIRED all the same.",
    },
    ask: async (ground) => {
      const client = ground.openClient({
        requestChecksumCalculation: "WHEN_SUPPORTED",
        responseChecksumValidation: "WHEN_SUPPORTED",
        // It would say on the terminal that it does not send a stream twice.
        logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      });
      try {
        const body = Buffer.alloc(10_000);
        const put = new PutObjectCommand({
          Bucket: ground.bucket.bucket,
          Key: ground.newKey("stream"),
          Body: Readable.from([body]),
          ContentLength: body.length,
        });
        return await ground.answerTo((s3) => s3.send(put), body.length, client);
      } finally {
        client.destroy();
      }
    },
  },
  {
    name: "delete-many-without-checksum",
    asks: "DeleteObjects without a checksum",
    stated: "200",
    means: {
      asStated: "Not needed here; it is sent all the same.",
      other: "Needed, and sent.",
    },
    ask: async (ground) => {
      const key = ground.newKey("many");
      await ground.put(key, "x");
      const command = new DeleteObjectsCommand({
        Bucket: ground.bucket.bucket,
        Delete: { Objects: [{ Key: key }] },
      });
      // After the SDK has put its checksums there, and before it signs.
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          for (const name of Object.keys(headers))
            if (/^(content-md5|x-amz-(sdk-)?checksum.*)$/i.test(name)) delete headers[name];
          return next(args);
        },
        { step: "build", priority: "low" },
      );
      return await ground.answerTo((s3) => s3.send(command));
    },
  },
];
