import { CreateBucketCommand, HeadBucketCommand, ListBucketsCommand } from "@aws-sdk/client-s3";
import { describeFailure } from "../s3/s3-failure.ts";
import { ANSWER_TIMEOUT_MS, type BucketFinding, type Patient } from "./bucket-finding.ts";

const EVERYBODY = "Nobody can upload or play anything.";

/** Whether it is there, ours, and answers; without that nothing else can be examined. */
export async function checkBucket(patient: Patient): Promise<BucketFinding[]> {
  const findings = await reachBucket(patient);
  return findings.length > 0 ? findings : await checkOwner(patient);
}

/** Whether it is there and answers this key, whoever's it is. */
export async function reachBucket({ client, address }: Patient): Promise<BucketFinding[]> {
  const { bucket, endpoint } = address;
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    const { status, code } = describeFailure(error);
    if (status === 404)
      return [
        {
          code: "bucket_missing",
          what: `There is no bucket ${bucket} at ${endpoint}.`,
          breaks: EVERYBODY,
          mend: "Make it in the vendor's panel, or with doctor --fix and a key that may; look at its name and region first.",
          fix: () => client.send(new CreateBucketCommand({ Bucket: bucket })),
        },
      ];
    if (status === 403)
      return [
        {
          code: "bucket_foreign",
          what: `The key is refused at bucket ${bucket} (${endpoint}).`,
          breaks: EVERYBODY,
          mend: "The bucket is somebody else's, or the key is wrong or has no right to it: give it another key (provider rotate), or choose another bucket.",
        },
      ];
    return [
      {
        code: "bucket_unreachable",
        what: `${endpoint} does not answer as it should: ${status ?? ""} ${code}.`.replace("  ", " "),
        breaks: EVERYBODY,
        mend: "Look at the endpoint, this machine's network, and the vendor's status page.",
      },
    ];
  }
  return [];
}

/** Keys that may not list buckets cannot tell; then a bucket that they reach counts as ours. */
export async function checkOwner({ client, address }: Patient): Promise<BucketFinding[]> {
  const { bucket } = address;
  const own = await client.send(new ListBucketsCommand({})).then(
    ({ Buckets = [] }) => Buckets.map(({ Name }) => Name),
    () => [bucket],
  );
  if (own.includes(bucket)) return [];
  return [
    {
      code: "bucket_foreign",
      what: `The key reaches bucket ${bucket}, which is not among its account's buckets.`,
      breaks: "Its owner can read, change and delete what your users upload.",
      mend: "Choose a bucket of your own account.",
    },
  ];
}

const TOLERATED_SKEW_MS = 60_000;

/** Stores refuse signatures that are a quarter of an hour off. */
export async function checkClock({ address, now }: Patient): Promise<BucketFinding[]> {
  const before = now().getTime();
  const answer = await fetch(address.endpoint, {
    method: "HEAD",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).catch(() => undefined);
  const theirs = Date.parse(answer?.headers.get("date") ?? "");
  const skewMs = (before + now().getTime()) / 2 - theirs;
  if (Number.isNaN(theirs) || Math.abs(skewMs) <= TOLERATED_SKEW_MS) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return [
    {
      code: "clock_skew",
      what: `This machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the store's.`,
      breaks: `Signed URLs ${skewMs > 0 ? "live longer than they should, or are refused as not valid yet" : "expire too early"}; above 900 s the store refuses all of them.`,
      mend: "Switch time synchronisation on (timedatectl set-ntp true), on every machine that runs a server.",
    },
  ];
}
