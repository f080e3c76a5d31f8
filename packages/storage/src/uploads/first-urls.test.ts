import { afterAll, expect, it } from "vitest";
import { closeS3, connectS3 } from "../s3/s3-connection.ts";
import { signPartUrls } from "./first-urls.ts";

const PATH_STYLE = "http://localhost:9000";
const BUCKET_HOST = "http://audio.localhost:9000";
const context = { settings: { uploadUrlExpiresIn: 900 } };
const multipart = {
  id: "018f0000-0000-7000-8000-000000000003",
  key: "audio/uploads/2026/11/a.wav",
  target: { method: "multipart", uploadId: "u1" } as const,
  fileSize: 40,
  partSize: 10,
};

const connections = [true, false].map((hasTwoHosts) =>
  connectS3({
    endpoint: PATH_STYLE,
    bucket: "audio",
    forcePathStyle: true,
    hasTwoHosts,
    region: "r",
    credentials: { accessKeyId: "k", secretAccessKey: "s" },
    completionLimitMs: 1000,
    record: () => {},
  }),
);
afterAll(() => connections.forEach(closeS3));

const originsOf = (
  hasTwoHosts: boolean,
  avoidOrigins: string[] = [],
  session: typeof multipart = multipart,
) => {
  const s3 = connections[hasTwoHosts ? 0 : 1];
  if (s3 === undefined) throw new Error("no connection");
  const urls = signPartUrls(context, { s3 }, session, [1, 2, 3, 4], { avoidOrigins });
  return urls.map(({ url }) => new URL(url).origin);
};

it("signs parts for both host names of the bucket in turns", () => {
  expect(originsOf(true)).toEqual([BUCKET_HOST, PATH_STYLE, BUCKET_HOST, PATH_STYLE]);
  const next = { ...multipart, id: multipart.id.replace(/3$/, "4") };
  expect(originsOf(true, [], next)).toEqual([PATH_STYLE, BUCKET_HOST, PATH_STYLE, BUCKET_HOST]);
});

it("keeps to the one where there is one", () => {
  expect(new Set(originsOf(false))).toEqual(new Set([PATH_STYLE]));
});

it("leaves out what a browser cannot reach, unless nothing would be left", () => {
  expect(new Set(originsOf(true, [BUCKET_HOST]))).toEqual(new Set([PATH_STYLE]));
  expect(new Set(originsOf(true, [PATH_STYLE]))).toEqual(new Set([BUCKET_HOST]));
  expect(new Set(originsOf(true, [PATH_STYLE, BUCKET_HOST])).size).toBe(2);
  expect(new Set(originsOf(false, [PATH_STYLE]))).toEqual(new Set([PATH_STYLE]));
});
