import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask } from "./target/ask.ts";
import { furnish, pathTo, type Things } from "./target/furnish.ts";
import { hostileNames } from "./target/hostile-names.ts";
import { type DocumentedRoute, documentedRoutes } from "./target/routes.ts";
import { SCALE } from "./target/scale.ts";
import { stateOf } from "./target/state.ts";

const { alpha, gamma, workspace } = target.people;
const FIELDS = [
  "files",
  "uploads",
  "partNumbers",
  "parts",
  "finished",
  "name",
  "size",
  "sessionId",
  "metadata",
  "filename",
  "type",
  "clientId",
  "workspaceId",
  "disposition",
  "md5",
  "partsMd5",
  "sha256",
  "summary",
  "accessLevel",
  "expiresIn",
  "maxDownloads",
  "category",
  "resume",
  "method",
  "contentType",
  "PartNumber",
  "ETag",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
];
const QUERIES = [
  "key",
  "state",
  "limit",
  "cursor",
  "period",
  "userId",
  "resourceId",
  "metadata[size]",
  "metadata[]",
  "metadata[__proto__]",
  "partNumbers",
];

describe("any request at all", () => {
  let theirs: Things;
  /** Of the one who asks, so that requests come further than to the rights. */
  let own: Things;
  let routes: DocumentedRoute[];
  let token: string;
  beforeAll(async () => {
    theirs = await furnish(alpha, { workspaceId: workspace });
    own = await furnish(gamma, {});
    routes = await documentedRoutes();
    ({ token } = (await ask(gamma, "POST", "/v1/s3-tokens", { json: {} })).json<{ token: string }>());
  });

  it("of random ids, names, tokens, paths and bodies, by every route of the OpenAPI document, is answered below 500 and with no byte of another tenant", async () => {
    const before = await stateOf([alpha]);
    const known = Object.values(theirs);
    const foreign = new Set(known.map(encodeURIComponent));
    const requests = requestsTo(theirs, own);
    for (const { route, method, path } of routes)
      await fc.assert(
        fc.asyncProperty(requests, async ({ isFound, ids, query, body, type, by, shape }) => {
          // A service may read every file: it gets no id of one here.
          const rest = ids.filter((id) => by !== "service" || !foreign.has(id)).values();
          const filled =
            isFound && by !== "service"
              ? pathTo(path, theirs)
              : path.replaceAll(/\{\w+\}/g, () => rest.next().value ?? "x");
          const search = query.length === 0 ? "" : `?${new URLSearchParams(query)}`;
          const prefix = by === "token" && path.startsWith("/s3/") ? `/s3-token/${token}` : "";
          const address = shape(`${prefix}${filled}${search}`);
          const headers = { ...(type === undefined ? {} : { "content-type": type }), ...credentials(by) };
          const content = method === "GET" || body === undefined ? {} : { body };
          const answer = await ask(by === "gamma" ? gamma : undefined, method, address, {
            headers,
            ...content,
          });
          expect(answer.status, `${route} ${address}`).toBeLessThan(500);
          const asked = decodeLoosely(address) + address + (body ?? "");
          for (const secret of known)
            if (!asked.toLowerCase().includes(secret.toLowerCase()))
              expect(answer.text, route).not.toContain(secret);
          expect(answer.text).not.toMatch(
            /\.ts:\d|node_modules|at async |SELECT |X-Amz-Signature=[0-9a-f]{64}.*private-/,
          );
        }),
        { numRuns: SCALE.requestsPerRoute },
      );
    expect(await stateOf([alpha])).toEqual(before);
  });

  it("to a path that no route has, by any method, is told so and nothing more", async () => {
    const paths = [
      "/",
      "/.env",
      "/.git/config",
      "/v1",
      "/v1/",
      "/v1/files/../admin/audit",
      "/v1//files",
      "//evil.example/v1/files",
      "/v1/files/%2e%2e/admin/audit",
      "/V1/FILES",
      "/v1/files;x=1",
      "/metrics",
      "/debug/pprof",
      "/admin",
      "/demo/token",
      "/server-status",
      "/s3-token/x/v1/files",
      "/s/../v1/files",
      "/%00",
      "/%ff",
      "/%",
      `/${"a".repeat(8000)}`,
      "*",
      "http://evil.example/v1/files",
      "/v1/files?limit=1#x",
      "/openapi.json/..",
      "/__proto__",
    ];
    for (const path of paths)
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD"]) {
        const answer = await ask(undefined, method, path);
        expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${method} ${path}`).toBeLessThan(500);
      }
  });

  it("with headers that lie about where it comes from, or how it is made, changes nothing of the answer", async () => {
    const plain = await ask(gamma, "GET", `/v1/files/${theirs.file}`);
    for (const headers of [
      { "x-forwarded-for": "127.0.0.1" },
      { "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher" },
      { "x-http-method-override": "DELETE" },
      { "x-original-url": `/v1/files/${theirs.file}/content` },
      { forwarded: "for=127.0.0.1;host=evil.example" },
      { "x-user-id": alpha, "x-workspace-id": workspace },
      { "x-request-id": "a".repeat(4000) },
      { "x-request-id": `${target.people.alpha}<script>` },
      { range: "bytes=0-1000000" },
      { accept: "text/html" },
      { "idempotency-key": "../../x" },
    ]) {
      const answer = await ask(gamma, "GET", `/v1/files/${theirs.file}`, { headers });
      expect({ status: answer.status, code: answer.code }).toEqual({
        status: plain.status,
        code: plain.code,
      });
      expect(answer.headers["content-type"]).toBe(plain.headers["content-type"]);
    }
    const link = await ask(alpha, "POST", `/v1/files/${theirs.file}/shares`, {
      json: {},
      headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" },
    });
    expect(new URL(link.json<{ url: string }>().url).origin).toBe(target.url);
    await ask(
      alpha,
      "DELETE",
      `/v1/files/${theirs.file}/shares/${link.json<{ share: { id: string } }>().share.id}`,
    );
  });
});

type By = "gamma" | "nobody" | "token" | "service" | "nonsense";

function credentials(by: By): Record<string, string> {
  if (by === "service") return { authorization: `Bearer ${target.serviceToken}` };
  return by === "nonsense" ? { authorization: `Bearer ${"a.".repeat(3)}` } : {};
}

function requestsTo(...things: Things[]) {
  const known = things.flatMap((each) => Object.values(each));
  // A token that somebody sends as a file's name is written down as that, and is none any more.
  const sent = things.flatMap(({ token: _token, endedLink: _link, ...rest }) => Object.values(rest));
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.toWellFormed());
  const segment = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known).map(encodeURIComponent) },
    { weight: 2, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: text.map(encodeURIComponent) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...hostileNames(200)).map((name) => encodeURIComponent(name.toWellFormed())),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "0",
        "-1",
        "10001",
        "1e9",
        "%00",
        "%",
        "%ff",
        "..",
        "%2e%2e%2f",
        "complete",
        "a".repeat(3000),
        "null",
      ),
    },
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(...sent),
    fc.constantFrom<unknown>(-1, 2 ** 53, 1e308, ""),
  );
  const record = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 });
  const json = fc.oneof(
    record,
    fc.record({ files: fc.array(record, { maxLength: 3 }) }),
    fc.record({ uploads: fc.array(record, { maxLength: 3 }) }),
    fc.jsonValue(),
  );
  return fc.record({
    /** Whether it names, in its path, what there is and is somebody else's. */
    isFound: fc.boolean(),
    ids: fc.array(segment, { minLength: 2, maxLength: 2 }),
    query: fc.array(
      fc.tuple(fc.constantFrom(...FIELDS, ...QUERIES), fc.oneof(fc.constantFrom(...sent), text)),
      { maxLength: 4 },
    ),
    body: fc.oneof(
      { weight: 4, arbitrary: json.map((document) => JSON.stringify(document)) },
      { weight: 1, arbitrary: text },
      {
        weight: 1,
        arbitrary: fc.constantFrom(undefined, "", "[".repeat(50_000), `{"a":${"[".repeat(50_000)}`),
      },
    ),
    type: fc.constantFrom(
      "application/json",
      "application/json",
      "application/json",
      "text/plain",
      "application/x-www-form-urlencoded",
      undefined,
    ),
    by: fc.constantFrom<By>("gamma", "gamma", "nobody", "token", "service", "nonsense"),
    shape: fc.constantFrom(
      (address: string) => address,
      (address: string) => address,
      (address: string) => address,
      (address: string) => address.replace("/v1/", "/v1//"),
      (address: string) => `/x/..${address}`,
    ),
  });
}

function decodeLoosely(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
