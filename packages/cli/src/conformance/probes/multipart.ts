import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { Ground } from "../ground.ts";
import type { Probe } from "../probe.ts";
import { complete } from "./complete.ts";

const BODY = Buffer.from("part");
const hex = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const unquoted = (etag: string | undefined): string => (etag ?? "").replaceAll('"', "");

const partNumberProbe = (partNumber: number): Probe => ({
  name: `part-number-${partNumber}`,
  asks: `sending part number ${partNumber}`,
  stated: "200",
  means: {
    asStated: "The store does not keep numbers in bounds: the companion signs 1 to 10000 only.",
    other: "The store keeps numbers in bounds as well.",
  },
  ask: async (ground) => {
    const { key, uploadId } = await begin(ground, "number");
    return await ground.answerTo(
      (s3) =>
        s3.send(
          new UploadPartCommand({
            Bucket: ground.bucket.bucket,
            Key: key,
            UploadId: uploadId,
            PartNumber: partNumber,
            Body: BODY,
          }),
        ),
      BODY.length,
    );
  },
});

export const multipart: readonly Probe[] = [
  {
    name: "part-of-unknown-upload",
    asks: "a part of an upload that was aborted",
    stated: "404 NoSuchUpload",
    means: {
      asStated: "As the engine takes it: the session is asked for anew.",
      other: "The engine may take it for a passing failure and try in vain.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "unknown");
      await abort(ground, key, uploadId);
      const at = { Bucket: ground.bucket.bucket, Key: key, UploadId: uploadId, PartNumber: 1 };
      return await ground.answerTo(
        (s3) => s3.send(new UploadPartCommand({ ...at, Body: BODY })),
        BODY.length,
      );
    },
  },
  partNumberProbe(0),
  partNumberProbe(10_001),
  {
    name: "part-sent-twice",
    asks: "which part is listed when one number was sent twice",
    stated: "the last",
    means: {
      asStated: "A part that is sent again replaces the first.",
      other: "Sending a part again does not replace it: completions will be refused.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "twice");
      await ground.sendPart(key, uploadId, 1, BODY);
      const last = await ground.sendPart(key, uploadId, 1, Buffer.from("other"));
      const { Parts = [] } = await listParts(ground, key, uploadId);
      return Parts.length === 1 && Parts[0]?.ETag === last.ETag
        ? "the last"
        : `${Parts.length} parts, not the last`;
    },
  },
  {
    name: "list-parts-pages",
    asks: "three parts, listed two at a time",
    stated: "1,2 then 3",
    means: {
      asStated: "ListParts is the truth that completion and resuming go by.",
      other: "Completion of uploads of more than 1000 parts cannot be relied on.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "pages");
      for (const number of [1, 2, 3]) await ground.sendPart(key, uploadId, number, BODY);
      const first = await listParts(ground, key, uploadId, { MaxParts: 2 });
      const PartNumberMarker = first.NextPartNumberMarker ?? "2";
      const second = await listParts(ground, key, uploadId, { MaxParts: 2, PartNumberMarker });
      const [one, two] = [first, second].map(({ Parts = [] }) =>
        Parts.map(({ PartNumber }) => PartNumber).join(),
      );
      return `${one} then ${two}`;
    },
  },
  {
    name: "list-parts-of-unknown-upload",
    asks: "ListParts of an upload that was aborted",
    stated: "404 NoSuchKey",
    isStated: /^404 NoSuch(Key|Upload)$/,
    means: {
      asStated: "Both names for it are understood.",
      other: "Not taken for an upload that is gone: sessions of it stay open until they expire.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "unknown");
      await abort(ground, key, uploadId);
      return await ground.answerTo((s3) =>
        s3.send(new ListPartsCommand({ Bucket: ground.bucket.bucket, Key: key, UploadId: uploadId })),
      );
    },
  },
  {
    name: "abort-twice",
    asks: "Abort, and Abort again",
    stated: "204, 404 NoSuchUpload",
    means: {
      asStated: "A repeated abort is told from a first one; both are fine.",
      other: "Fine as long as the second one is a success or a 404.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "abort");
      return `${await abort(ground, key, uploadId)}, ${await abort(ground, key, uploadId)}`;
    },
  },
  {
    name: "multipart-etag",
    asks: "the ETag of an object of one part",
    stated: "MD5 of MD5s",
    means: {
      asStated: "A completed object is proved by the ETag computed from its parts.",
      other: "Completions cannot be proved by ETag here: they would be refused.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "etag");
      const part = await ground.sendPart(key, uploadId, 1, BODY);
      await complete(ground, key, uploadId, [part]);
      const head = await ground.send((s3) =>
        s3.send(new HeadObjectCommand({ Bucket: ground.bucket.bucket, Key: key })),
      );
      const expected = `${hex(createHash("md5").update(BODY).digest())}-1`;
      return unquoted(head.ETag) === expected ? "MD5 of MD5s" : "something else";
    },
  },
  {
    name: "part-etag",
    asks: "the ETag of a part",
    stated: "MD5 of its bytes",
    means: {
      asStated: "A resumed file is proved by hashing it against the parts that are there.",
      other: "Resumed files cannot be proved: their parts are sent again.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "part-etag");
      const { ETag } = await ground.sendPart(key, uploadId, 1, BODY);
      return unquoted(ETag) === hex(BODY) ? "MD5 of its bytes" : "something else";
    },
  },
  {
    name: "part-copy",
    asks: "a part copied from another object of the bucket",
    stated: "200",
    means: {
      asStated: "Single PUTs are published by part copy.",
      other: "Files that are sent as one PUT cannot be published here.",
    },
    ask: async (ground) => {
      const source = ground.newKey("source");
      await ground.put(source, "copied");
      const { key, uploadId } = await begin(ground, "copy");
      return await ground.answerTo((s3) =>
        s3.send(
          new UploadPartCopyCommand({
            Bucket: ground.bucket.bucket,
            Key: key,
            UploadId: uploadId,
            PartNumber: 1,
            CopySource: `${ground.bucket.bucket}/${source}`,
          }),
        ),
      );
    },
  },
];

export async function begin(ground: Ground, name: string): Promise<{ key: string; uploadId: string }> {
  const key = ground.newKey(name);
  return { key, uploadId: await ground.createUpload(key) };
}

export const abort = (ground: Ground, Key: string, UploadId: string): Promise<string> =>
  ground.answerTo((s3) =>
    s3.send(new AbortMultipartUploadCommand({ Bucket: ground.bucket.bucket, Key, UploadId })),
  );

const listParts = (ground: Ground, Key: string, UploadId: string, more: object = {}) =>
  ground.send((s3) =>
    s3.send(new ListPartsCommand({ Bucket: ground.bucket.bucket, Key, UploadId, ...more })),
  );
