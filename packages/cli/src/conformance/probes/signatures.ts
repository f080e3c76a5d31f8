import { createHash } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Ground, nameAnswer } from "../ground.ts";
import type { Probe } from "../probe.ts";

const BODY = "12345";
const md5 = (text: string): string => createHash("md5").update(text).digest("base64");

const LENGTH_KEPT = {
  asStated: "Nobody can send more bytes than were reserved.",
  other: "Quota can be overrun by whoever has a URL: do not give uploads of this store to strangers.",
};
const REFUSALS = {
  asStated: "The engine signs anew on any 403, which is what it does.",
  other: "The engine signs anew on 403 only: such an answer ends a part's attempts earlier.",
};

/** A PUT of `BODY` by a URL that was signed for its length. */
async function putUrl(
  ground: Ground,
  name: string,
  options: object = {},
  more: object = {},
): Promise<string> {
  const { bucket } = ground.bucket;
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: ground.newKey(name),
    ContentLength: BODY.length,
    ...more,
  });
  return await getSignedUrl(ground.client, command, options);
}

const put = async (ground: Ground, url: string, headers: Record<string, string> = {}, body = BODY) =>
  nameAnswer(await ground.ask(url, { method: "PUT", headers, body }));

/** A URL that must be refused, by what was done to it. */
const refused = (name: string, asks: string, make: (ground: Ground) => Promise<string>): Probe => ({
  name,
  asks,
  stated: "403 AccessDenied",
  means: REFUSALS,
  ask: make,
});

export const signatures: readonly Probe[] = [
  {
    name: "signed-length",
    asks: "a PUT longer than its signed content-length",
    stated: "403",
    isStated: /^403( |$)/,
    means: LENGTH_KEPT,
    ask: async (ground) => await put(ground, await putUrl(ground, "length"), {}, `${BODY}6`),
  },
  {
    name: "signed-length-chunked",
    asks: "a chunked PUT where a content-length was signed",
    stated: "403",
    isStated: /^403( |$)/,
    means: LENGTH_KEPT,
    ask: async (ground) => {
      const url = await putUrl(ground, "chunked");
      return nameAnswer(await ground.ask(url, { method: "PUT", body: BODY, isChunked: true }));
    },
  },
  {
    name: "content-md5",
    asks: "a PUT whose unsigned Content-MD5 is of other bytes",
    stated: "400 BadDigest",
    means: {
      asStated: "A part that was corrupted on its way is refused.",
      other: "Corrupted parts are only found when the finished object is proved.",
    },
    ask: async (ground) => await put(ground, await putUrl(ground, "md5"), { "content-md5": md5("other") }),
  },
  {
    name: "content-md5-malformed",
    asks: "a PUT whose Content-MD5 is no MD5",
    stated: "400 InvalidDigest",
    means: { asStated: "As assumed.", other: "Harmless: no client of ours sends one." },
    ask: async (ground) => await put(ground, await putUrl(ground, "md5"), { "content-md5": "x" }),
  },
  {
    name: "content-md5-signed",
    asks: "a PUT without the Content-MD5 that was signed",
    stated: "403",
    isStated: /^403( |$)/,
    means: {
      asStated: "A checksum can be made a condition of a URL.",
      other: "Signing a checksum does not make it required here.",
    },
    ask: async (ground) => {
      const headers = new Set(["content-md5"]);
      const options = { unhoistableHeaders: headers, signableHeaders: headers };
      return await put(ground, await putUrl(ground, "md5", options, { ContentMD5: md5(BODY) }));
    },
  },
  {
    name: "acl-unsigned",
    asks: "a PUT with an x-amz-acl header that was not signed",
    stated: "403",
    isStated: /^403( |$)/,
    means: {
      asStated: "Whoever has a URL cannot publish what they send.",
      other: "Whoever has a URL can choose who reads the object, until its publication sets that anew.",
    },
    ask: async (ground) => await put(ground, await putUrl(ground, "acl"), { "x-amz-acl": "private" }),
  },
  refused("url-expired", "a PUT by a URL whose time is over", async (ground) => {
    const signingDate = new Date(Date.now() + ground.client.config.systemClockOffset - 3_600_000);
    return await put(ground, await putUrl(ground, "expired", { signingDate, expiresIn: 60 }));
  }),
  {
    ...refused("url-tampered", "a PUT by a URL with another signature", async (ground) => {
      const url = new URL(await putUrl(ground, "tampered"));
      url.searchParams.set("X-Amz-Signature", "0".repeat(64));
      return await put(ground, url.href);
    }),
    isStated: /^403 (AccessDenied|SignatureDoesNotMatch)$/,
    stated: "403",
  },
  {
    ...refused("url-of-another-method", "a GET by a URL for PUT", async (ground) =>
      nameAnswer(await ground.ask(await putUrl(ground, "method"))),
    ),
    isStated: /^403 (AccessDenied|SignatureDoesNotMatch)$/,
    stated: "403",
  },
  {
    ...refused(
      "url-of-unknown-key",
      "a PUT by a URL of an access key that does not exist",
      async (ground) => {
        const url = new URL(await putUrl(ground, "stranger"));
        const credential = url.searchParams.get("X-Amz-Credential") ?? "";
        url.searchParams.set("X-Amz-Credential", credential.replace(/^[^/]+/, "ATNOBODYSKEY00000000"));
        return await put(ground, url.href);
      },
    ),
    isStated: /^403 (AccessDenied|InvalidAccessKeyId)$/,
    stated: "403",
  },
];
