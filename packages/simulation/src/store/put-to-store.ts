import type { Site } from "../site/site.ts";
import { running } from "../world/actor.ts";
import type { Stretch } from "./content.ts";
import { StoreRefusal } from "./object-store.ts";
import type { S3Answer, S3Request } from "./s3-server.ts";

/** A PUT to a presigned URL, by a browser or whoever has the URL. @returns `undefined` where no answer comes. */
export async function putToStore(
  site: Site,
  { url, headers, body }: { url: string; headers: Record<string, string>; body: Stretch },
): Promise<S3Answer | undefined> {
  const { world, faults } = site;
  const bucket = site.buckets.at(new URL(url).hostname);
  const { s3 } = bucket;
  const { random } = running();
  site.operations++;
  const request = toRequest(url, bucket.name, headers, body);
  await world.sleep(random.skewed(1, 8_000), world.wire);
  if (faults.strike("put-lost")) return undefined;
  if (faults.strike("put-delivered-twice")) {
    void world.sleep(random.skewed(1, 20_000), world.wire).then(() => s3.serve(request));
  }
  if (faults.strike("store-503")) return s3.refuse(new StoreRefusal(503, "SlowDown"));
  const answer = await s3.serve(request);
  await world.sleep(random.skewed(1, 400), world.wire);
  return faults.strike("put-answer-lost") ? undefined : answer;
}

function toRequest(
  text: string,
  bucket: string,
  headers: Record<string, string>,
  body: Stretch | undefined,
): S3Request {
  const url = new URL(text);
  const isInPath = !url.hostname.startsWith(`${bucket}.`);
  const path = isInPath ? url.pathname.slice(bucket.length + 2) : url.pathname.slice(1);
  return {
    method: body === undefined ? "HEAD" : "PUT",
    key: decodeURIComponent(path),
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body,
  };
}

/** Whether the object that a link leads to is there, asked by whoever has the link. */
export async function lookAtStore(site: Site, url: string): Promise<S3Answer> {
  const { s3, name } = site.buckets.at(new URL(url).hostname);
  return s3.serve(toRequest(url, name, {}, undefined));
}
