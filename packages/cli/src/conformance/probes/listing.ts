import { ListObjectsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { Ground } from "../ground.ts";
import type { Probe } from "../probe.ts";

const COUNT = 5;

export const listing: readonly Probe[] = [
  {
    name: "list-v1-pages",
    asks: `${COUNT} keys by ListObjects and a marker, two a page`,
    stated: "all, in order",
    means: {
      asStated: "Sweeps and reconciliation see every key.",
      other: "Sweeps and reconciliation may miss keys: do not use this store.",
    },
    ask: (ground) =>
      walk(ground, async (Prefix, after) => {
        const page = await ground.send((s3) =>
          s3.send(
            new ListObjectsCommand({
              Bucket: ground.bucket.bucket,
              Prefix,
              MaxKeys: 2,
              ...(after && { Marker: after }),
            }),
          ),
        );
        const keys = keysOf(page);
        return { keys, next: page.IsTruncated === true ? keys.at(-1) : undefined };
      }),
  },
  {
    name: "list-v2-pages",
    asks: `${COUNT} keys by ListObjectsV2 and its token, two a page`,
    stated: "all, in order",
    means: {
      asStated: "The vendor's known issue does not show; listing goes by V1 all the same.",
      other: "The vendor's known issue shows: listing goes by V1.",
    },
    ask: (ground) =>
      walk(ground, async (Prefix, token) => {
        const page = await ground.send((s3) =>
          s3.send(
            new ListObjectsV2Command({
              Bucket: ground.bucket.bucket,
              Prefix,
              MaxKeys: 2,
              ...(token && { ContinuationToken: token }),
            }),
          ),
        );
        return { keys: keysOf(page), next: page.NextContinuationToken };
      }),
  },
];

const keysOf = ({ Contents = [] }: { Contents?: { Key?: string | undefined }[] | undefined }): string[] =>
  Contents.map(({ Key = "" }) => Key);

async function walk(
  ground: Ground,
  nextPage: (prefix: string, at: string | undefined) => Promise<{ keys: string[]; next: string | undefined }>,
): Promise<string> {
  const prefix = `${ground.newKey("list")}/`;
  const expected = Array.from({ length: COUNT }, (_, index) => `${prefix}${index}`);
  for (const key of expected) await ground.put(key, "x");
  const seen: string[] = [];
  let at: string | undefined;
  // Bounded: a store that answers the same page again and again is one of those that are looked for.
  for (let page = 0; page < COUNT; page++) {
    const { keys, next } = await nextPage(prefix, at);
    seen.push(...keys);
    at = next;
    if (at === undefined) break;
  }
  const isWhole = seen.length === COUNT && seen.every((key, index) => key === expected[index]);
  return isWhole ? "all, in order" : `${new Set(seen).size} of ${COUNT}, ${seen.length} listed`;
}
