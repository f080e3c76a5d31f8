import { CopyObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Ground } from "../ground.ts";
import type { Probe } from "../probe.ts";

const OTHER_ETAG = `"${"0".repeat(32)}"`;

/** A copy of a new object, under a condition that it does not meet where a header is given. */
async function copy(ground: Ground, header?: string): Promise<string> {
  const [source, target] = [ground.newKey("source"), ground.newKey("target")];
  const { bucket } = ground.bucket;
  await ground.put(source, "copied");
  const command = new CopyObjectCommand({ Bucket: bucket, Key: target, CopySource: `${bucket}/${source}` });
  if (header !== undefined)
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers[header] = OTHER_ETAG;
        return next(args);
      },
      { step: "build" },
    );
  return await ground.answerTo((s3) => s3.send(command));
}

export const conditions: readonly Probe[] = [
  {
    name: "put-if-none-match",
    asks: "a PUT with If-None-Match: * where there is an object",
    stated: "412 PreconditionFailed",
    means: {
      asStated: "A signed If-None-Match keeps a URL from being used twice.",
      other: "A URL for one PUT can be used again until it expires: it must lead to temp/ only.",
    },
    ask: async (ground) => {
      const key = ground.newKey("none-match");
      await ground.put(key, "first");
      return await ground.answerTo(
        (s3) =>
          s3.send(
            new PutObjectCommand({
              Bucket: ground.bucket.bucket,
              Key: key,
              Body: "second",
              IfNoneMatch: "*",
            }),
          ),
        6,
      );
    },
  },
  {
    name: "copy-object",
    asks: "a copy within the bucket",
    stated: "200",
    means: { asStated: "As assumed.", other: "Files cannot be moved or published by copying." },
    ask: (ground) => copy(ground),
  },
  {
    name: "copy-source-if-match",
    asks: "a copy with x-amz-copy-source-if-match of another ETag",
    stated: "200",
    means: {
      asStated: "The condition is ignored: publication goes by part copy, whose ETag Complete checks.",
      other: "The condition is honoured, as at AWS; publication goes by part copy all the same.",
    },
    ask: (ground) => copy(ground, "x-amz-copy-source-if-match"),
  },
  {
    name: "copy-if-match",
    asks: "a copy with Ceph's own x-amz-copy-if-match of another ETag",
    stated: "412 PreconditionFailed",
    means: {
      asStated: "Ceph's own name for the condition is honoured.",
      other: "Ceph's own name for the condition is not known here; nothing relies on it.",
    },
    ask: (ground) => copy(ground, "x-amz-copy-if-match"),
  },
  {
    name: "range",
    asks: "the second and third byte of an object",
    stated: "206 bc",
    means: {
      asStated: "Types are told from the first bytes of an object.",
      other: "Reading first bytes reads whole files here.",
    },
    ask: async (ground) => {
      const answer = await ground.ask(await getUrl(ground, "abcd"), { headers: { range: "bytes=1-2" } });
      return `${answer.status} ${answer.body.toString("utf8").slice(0, 10)}`;
    },
  },
  {
    name: "response-overrides",
    asks: "a signed GET that chooses Content-Disposition",
    stated: "as asked",
    means: {
      asStated: "Downloads carry the file's name.",
      other: "Downloads are named after their keys.",
    },
    ask: async (ground) => {
      const ResponseContentDisposition = 'attachment; filename="a.wav"';
      const answer = await ground.ask(await getUrl(ground, "named", { ResponseContentDisposition }));
      return answer.headers["content-disposition"] === ResponseContentDisposition ? "as asked" : "ignored";
    },
  },
];

async function getUrl(ground: Ground, body: string, more: object = {}): Promise<string> {
  const key = ground.newKey("read");
  await ground.put(key, body);
  return await getSignedUrl(
    ground.client,
    new GetObjectCommand({ Bucket: ground.bucket.bucket, Key: key, ...more }),
  );
}
