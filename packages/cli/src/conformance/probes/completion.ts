import { CompleteMultipartUploadCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import type { Ground, SentPart } from "../ground.ts";
import { MIN_PART } from "../limits.ts";
import type { Probe } from "../probe.ts";
import { complete } from "./complete.ts";
import { abort, begin } from "./multipart.ts";

const BODY = Buffer.from("part");
const WRONG_ETAG = `"${"0".repeat(32)}"`;
/** Of Complete for an upload that the gateway does not have. */
const IN_PROGRESS = "500 InternalError";

const NEVER_BY_STATUS = {
  asStated: "As on Ceph: completion goes by HEAD, size and ETag, never by this answer.",
  other: "Nothing changes: completion goes by HEAD, size and ETag, never by this answer.",
};
const REFUSED = (what: string) => ({
  asStated: "The store refuses it as well as the companion.",
  other: `Only the companion refuses ${what}.`,
});

const answerToComplete = (
  ground: Ground,
  Key: string,
  UploadId: string,
  Parts: SentPart[],
  more: object = {},
): Promise<string> =>
  ground.answerTo((s3) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        Bucket: ground.bucket.bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts },
        ...more,
      }),
    ),
  );

const etagOf = async (ground: Ground, Key: string): Promise<string | undefined> =>
  (await ground.send((s3) => s3.send(new HeadObjectCommand({ Bucket: ground.bucket.bucket, Key })))).ETag;

/** With `count` small parts. */
async function uploadOf(ground: Ground, name: string, count: number) {
  const { key, uploadId } = await begin(ground, name);
  const parts: SentPart[] = [];
  for (let number = 1; number <= count; number++)
    parts.push(await ground.sendPart(key, uploadId, number, BODY));
  return { key, uploadId, parts };
}

export const completion: readonly Probe[] = [
  {
    name: "complete-first-etag",
    asks: "the ETag in the first answer to Complete",
    stated: "empty",
    means: {
      asStated: "The ETag is computed from the parts and read by HEAD.",
      other: "Nothing changes: the ETag is computed from the parts and read by HEAD.",
    },
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "first", 1);
      return (await complete(ground, key, uploadId, parts)).ETag ? "there" : "empty";
    },
  },
  {
    name: "complete-twice",
    asks: "Complete again, after it succeeded",
    stated: "200, same object",
    means: NEVER_BY_STATUS,
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "again", 1);
      await complete(ground, key, uploadId, parts);
      const before = await etagOf(ground, key);
      const answer = await answerToComplete(ground, key, uploadId, parts);
      return `${answer}, ${(await etagOf(ground, key)) === before ? "same" : "another"} object`;
    },
  },
  {
    name: "complete-unknown",
    asks: "Complete of an upload of another key",
    stated: IN_PROGRESS,
    means: NEVER_BY_STATUS,
    ask: async (ground) => {
      const { uploadId, parts } = await uploadOf(ground, "known", 1);
      return await answerToComplete(ground, ground.newKey("unknown"), uploadId, parts);
    },
  },
  {
    name: "complete-aborted",
    asks: "Complete after Abort",
    stated: IN_PROGRESS,
    means: NEVER_BY_STATUS,
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "aborted", 1);
      await abort(ground, key, uploadId);
      return await answerToComplete(ground, key, uploadId, parts);
    },
  },
  {
    name: "complete-at-once",
    asks: "three Completes at the same time",
    stated: "200 or 500",
    isStated: /^(200|500 InternalError)( and (200|500 InternalError))*$/,
    means: {
      asStated: "One lease for each upload keeps them apart; whoever loses it looks by HEAD.",
      other: "Nothing changes: one lease for each upload keeps them apart.",
    },
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "at-once", 1);
      const answers = await Promise.all([1, 2, 3].map(() => answerToComplete(ground, key, uploadId, parts)));
      return [...new Set(answers)].sort().join(" and ");
    },
  },
  {
    name: "complete-wrong-etag",
    asks: "Complete with an ETag that no part has",
    stated: "400 InvalidPart",
    means: REFUSED("another part than the one that was sent"),
    ask: async (ground) => {
      const { key, uploadId } = await uploadOf(ground, "wrong", 1);
      return await answerToComplete(ground, key, uploadId, [{ PartNumber: 1, ETag: WRONG_ETAG }]);
    },
  },
  {
    name: "complete-small-part",
    asks: "Complete with a first part of four bytes, and a second one",
    stated: "400 EntityTooSmall",
    means: REFUSED("parts that are too small"),
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "small", 2);
      return await answerToComplete(ground, key, uploadId, parts);
    },
  },
  {
    name: "complete-some-parts",
    asks: "Complete that lists one of two parts",
    stated: "400 InvalidPart",
    means: {
      asStated: "Parts beyond the plan must never be sent: the companion signs none.",
      other: "Parts that are not listed are left out, as at AWS.",
    },
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "some", 2);
      return await answerToComplete(ground, key, uploadId, parts.slice(0, 1));
    },
  },
  {
    name: "complete-out-of-order",
    asks: "Complete that lists part 2 before part 1, which has 5 MiB",
    stated: "200",
    means: {
      asStated: "Order is not checked here; the companion lists parts in order.",
      other: "Order is checked; the companion lists parts in order.",
    },
    ask: async (ground) => {
      const { key, uploadId } = await begin(ground, "order");
      const one = await ground.sendPart(key, uploadId, 1, Buffer.alloc(MIN_PART, "a"));
      const two = await ground.sendPart(key, uploadId, 2, BODY);
      return await answerToComplete(ground, key, uploadId, [two, one]);
    },
  },
  {
    name: "complete-if-none-match",
    asks: "Complete with If-None-Match: * where there is an object",
    stated: "200",
    means: {
      asStated: "The condition is ignored: final keys are never used twice instead.",
      other: "The condition is honoured; nothing relies on it.",
    },
    ask: async (ground) => {
      const { key, uploadId, parts } = await uploadOf(ground, "condition", 1);
      await ground.put(key, "here before");
      return await answerToComplete(ground, key, uploadId, parts, { IfNoneMatch: "*" });
    },
  },
];
