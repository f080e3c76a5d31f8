import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Ground } from "../ground.ts";
import { CouldNotTell, type Probe, type Unasked } from "../probe.ts";

/** Bytes of a customer's key, for an object that lives for a moment. */
const SSE_KEY = Buffer.alloc(32, 7);

/** What the vendor says of calls that it does not have; these are on none of its pages. */
const UNSUPPORTED = "501 NotImplemented";

/** Whether the store knows a setting, by reading it. `404` is a bucket that does not have it. */
const known = (
  name: string,
  asks: string,
  means: Probe["means"],
  read: (s3: S3Client, bucket: { Bucket: string }) => Promise<unknown>,
): Probe => ({
  name,
  asks,
  stated: "known",
  means,
  ask: async (ground) => await isKnown(ground, (s3) => read(s3, { Bucket: ground.bucket.bucket })),
});

async function isKnown(ground: Ground, call: (s3: S3Client) => Promise<unknown>): Promise<string> {
  const answer = await ground.answerTo(call);
  if (answer.startsWith("403 ")) throw new CouldNotTell("this key may not read it");
  return /^(200$|404 NoSuch|404 \w+NotFound)/.test(answer) ? "known" : answer;
}

/** Ceph encrypts nothing that has come in plain. */
function orNeedsTls({ bucket: { endpoint } }: Ground, answer: string): string {
  if (endpoint.startsWith("http:") && answer === "400 InvalidRequest")
    throw new CouldNotTell("the endpoint is plain HTTP, by which no keys are taken");
  return answer;
}

const putWith = (ground: Ground, name: string, more: object): Promise<string> =>
  ground.answerTo(
    (s3) =>
      s3.send(
        new PutObjectCommand({ Bucket: ground.bucket.bucket, Key: ground.newKey(name), Body: "x", ...more }),
      ),
    1,
  );

export const settings: readonly (Probe | Unasked)[] = [
  known(
    "lifecycle",
    "the bucket's lifecycle rules, read only",
    { asStated: "prepareBucket can ask for temp/ to be emptied.", other: "Only the sweep empties temp/." },
    (s3, bucket) => s3.send(new GetBucketLifecycleConfigurationCommand(bucket)),
  ),
  known(
    "versioning",
    "the bucket's versioning, read only",
    {
      asStated: "The doctor sees versions that are kept and paid for.",
      other: "Versions cannot be kept here.",
    },
    (s3, bucket) => s3.send(new GetBucketVersioningCommand(bucket)),
  ),
  known(
    "policy",
    "the bucket's policy, read only",
    {
      asStated: "Policies can be used; nothing here needs one.",
      other: "No policies; nothing here needs one.",
    },
    (s3, bucket) => s3.send(new GetBucketPolicyCommand(bucket)),
  ),
  known(
    "notifications",
    "the bucket's notifications, read only",
    {
      asStated: "The store could push what happened; completion is pulled all the same.",
      other: "Completion cannot be pushed to us, and is not waited for.",
    },
    (s3, bucket) => s3.send(new GetBucketNotificationConfigurationCommand(bucket)),
  ),
  {
    ...known(
      "replication",
      "the bucket's replication, read only",
      {
        asStated: "A backup in another region streams GET to PUT.",
        other: "Another region might be filled by the store; a backup streams GET to PUT all the same.",
      },
      (s3, bucket) => s3.send(new GetBucketReplicationCommand(bucket)),
    ),
    stated: UNSUPPORTED,
  },
  {
    ...known(
      "object-lock",
      "the bucket's object lock, read only",
      {
        asStated: "Backups cannot be locked by the store.",
        other: "Backups might be locked by the store; nothing here asks for it.",
      },
      (s3, bucket) => s3.send(new GetObjectLockConfigurationCommand(bucket)),
    ),
    stated: UNSUPPORTED,
  },
  {
    name: "tagging",
    asks: "a tag on an object of our own",
    stated: "200",
    means: {
      asStated: "Tags can be used; nothing here needs them.",
      other: "No tags; nothing here needs them.",
    },
    ask: async (ground) => {
      const key = ground.newKey("tagged");
      await ground.put(key, "x");
      const Tagging = { TagSet: [{ Key: "probe", Value: "1" }] };
      return await ground.answerTo((s3) =>
        s3.send(new PutObjectTaggingCommand({ Bucket: ground.bucket.bucket, Key: key, Tagging })),
      );
    },
  },
  {
    name: "customer-key",
    asks: "a PUT encrypted with a key of ours (SSE-C)",
    stated: "200",
    means: {
      asStated: "SSE-C could be offered.",
      other: "SSE-C cannot be offered, or wants TLS.",
    },
    ask: async (ground) =>
      orNeedsTls(
        ground,
        await putWith(ground, "sse-c", {
          SSECustomerAlgorithm: "AES256",
          SSECustomerKey: SSE_KEY.toString("base64"),
        }),
      ),
  },
  {
    name: "server-side-encryption",
    asks: "whether a PUT that asks for SSE-S3 is said to be encrypted",
    stated: "silently ignored",
    means: {
      asStated: "Nobody may be promised encryption at rest because a header asked for it.",
      other: "Encryption at rest can be asked for, or is refused aloud.",
    },
    ask: async (ground) => {
      const key = ground.newKey("sse");
      const command = { Bucket: ground.bucket.bucket, Key: key };
      const answer = await ground.answerTo(
        (s3) => s3.send(new PutObjectCommand({ ...command, Body: "x", ServerSideEncryption: "AES256" })),
        1,
      );
      if (answer !== "200") return orNeedsTls(ground, answer);
      const head = await ground.send((s3) => s3.send(new HeadObjectCommand(command)));
      return head.ServerSideEncryption === undefined
        ? "silently ignored"
        : `encrypted: ${head.ServerSideEncryption}`;
    },
  },
  {
    name: "storage-class",
    asks: "a PUT into the storage class STANDARD_IA",
    stated: "400",
    isStated: /^400 /,
    means: {
      asStated: "Cold files need a bucket of their own.",
      other: "The store takes the name; look at the bill before it is relied on.",
    },
    ask: (ground) => putWith(ground, "class", { StorageClass: "STANDARD_IA" }),
  },
  unasked("settings-written", "whether CORS, lifecycle, versioning, policy and ACL are kept as written", {
    notProbed: "would change the bucket",
    means: "doctor --fix writes them and looks whether they hold.",
  }),
  unasked("upload-expiry", "after how many days the store aborts uploads by itself", {
    notProbed: "takes 30 days or more",
    means: "Never relied on: the sweep aborts them.",
  }),
  unasked("slow-down", "from how many requests a second the store answers 503", {
    notProbed: "would keep others from the bucket, and can suspend the account",
    means: "Limits are data: STORE_REQUESTS_PER_SECOND.",
  }),
  unasked("size-limits", "whether a PUT above 5 GB and an object above 5 TB are refused", {
    notProbed: "would send gigabytes",
    means: "The part plan keeps below both.",
  }),
  unasked("cdn-limit", "whether the CDN takes uploads above 8,100 KiB", {
    notProbed: "nothing here uploads there",
    means: "URLs are signed for the origin only.",
  }),
  unasked("copy-between-regions", "a copy into another region or cluster", {
    notProbed: "needs another bucket",
    means: "Backups stream GET to PUT.",
  }),
];

function unasked(name: string, asks: string, rest: Pick<Unasked, "notProbed" | "means">): Unasked {
  return { name, asks, ...rest };
}
