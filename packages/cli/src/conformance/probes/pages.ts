import { GetBucketCorsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Ground, nameRefusal } from "../ground.ts";
import { CouldNotTell, type Probe } from "../probe.ts";

/** What a page is told, by the rules that the bucket has: none are made for it. */
export const pages: readonly Probe[] = [
  {
    name: "cors-preflight",
    asks: "the preflight of a PUT, as a page of the bucket's CORS rules sends it",
    stated: "200 with max-age",
    means: {
      asStated: "Browsers keep the answer, for each part's URL.",
      other: "Every attempt at a part costs a round trip more.",
    },
    ask: async (ground) => {
      const origin = await findOrigin(ground);
      const headers = { origin, "access-control-request-method": "PUT" };
      const answer = await ground.ask(await putUrl(ground), { method: "OPTIONS", headers });
      return `${answer.status} ${answer.headers["access-control-max-age"] === undefined ? "without" : "with"} max-age`;
    },
  },
  {
    name: "cors-etag",
    asks: "whether a page may read the ETag of what it has sent",
    stated: "exposed",
    means: {
      asStated: "The engine tells a resumed file by its parts' ETags.",
      other: "Browsers hide the ETag: doctor --fix adds it to ExposeHeaders.",
    },
    ask: async (ground) => {
      const origin = await findOrigin(ground);
      const answer = await ground.ask(await putUrl(ground), {
        method: "PUT",
        headers: { origin },
        body: "x",
      });
      const exposed = String(answer.headers["access-control-expose-headers"] ?? "").toLowerCase();
      return exposed.split(/[\s,]+/).includes("etag") ? "exposed" : "hidden";
    },
  },
  {
    name: "cors-on-refusal",
    asks: "whether a 403 carries CORS headers",
    stated: "none",
    means: {
      asStated: "A page sees a refused part as a network error: the engine asks the companion why.",
      other: "Pages can tell a refused URL from a broken network; nothing relies on it.",
    },
    ask: async (ground) => {
      const origin = await findOrigin(ground);
      const answer = await ground.ask(`${await putUrl(ground)}0`, {
        method: "PUT",
        headers: { origin },
        body: "x",
      });
      if (answer.status !== 403) throw new CouldNotTell(`a wrong signature is answered ${answer.status}`);
      return answer.headers["access-control-allow-origin"] === undefined ? "none" : "sent";
    },
  },
];

const putUrl = (ground: Ground): Promise<string> =>
  getSignedUrl(
    ground.client,
    new PutObjectCommand({ Bucket: ground.bucket.bucket, Key: ground.newKey("page"), ContentLength: 1 }),
  );

async function findOrigin(ground: Ground): Promise<string> {
  let rules: { AllowedOrigins?: string[] | undefined; AllowedMethods?: string[] | undefined }[];
  try {
    const { CORSRules = [] } = await ground.send((s3) =>
      s3.send(new GetBucketCorsCommand({ Bucket: ground.bucket.bucket })),
    );
    rules = CORSRules;
  } catch (cause) {
    if (cause instanceof CouldNotTell) throw cause;
    throw new CouldNotTell(
      `the bucket shows no CORS rules (${nameRefusal(cause)}), and none are made for this`,
      {
        cause,
      },
    );
  }
  const origins = rules
    .filter(({ AllowedMethods = [] }) => AllowedMethods.includes("PUT"))
    .flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
  const [origin] = origins;
  if (origin === undefined)
    throw new CouldNotTell("no CORS rule of the bucket allows PUT, and none is made for this");
  return origin.replaceAll("*", origin === "*" ? "https://app.example.com" : "app");
}
