import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask } from "./target/ask.ts";
import { query } from "./target/database.ts";
import { EVIDENCE, readBack } from "./target/evidence.ts";
import { furnish, type Things } from "./target/furnish.ts";
import { tokenOf } from "./target/sign-in.ts";

const STOPS_WITHIN_MS = 20_000;
const SIGNATURE = /^[0-9a-f]{64}$/;

// Also: there are no traces, since the server makes none.
/** The last file to run: it looks through everything that the attacks before it left behind. */
describe("a secret or signature in logs, traces, audit, rows, errors, events or a referrer", () => {
  let places: { name: string; text: string }[];
  let theirs: Things;
  beforeAll(async () => {
    const { alpha, workspace } = target.people;
    theirs = await furnish(alpha, { workspaceId: workspace });
    await ask(alpha, "POST", `/v1/files/${theirs.file}/download`, { json: {} });
    await ask(alpha, "GET", `/v1/files/${theirs.file}/content`);
    // What is still to be written down is, when they stop.
    for (const pid of [target.strictPid, target.pid]) {
      process.kill(pid, "SIGTERM");
      await untilEnded(pid);
    }
    places = [
      ...Object.entries(EVIDENCE)
        .filter(([what]) => what !== "secrets")
        .map(([what, name]) => ({ name, text: readBack(target.folder, what as keyof typeof EVIDENCE) })),
      ...(await tables()),
      ...readdirSync(target.postgresLogs).map((name) => ({
        name: `PostgreSQL's ${name}`,
        text: readFileSync(join(target.postgresLogs, name), "utf8"),
      })),
    ];
  });
  /** Answers yes or no: what `expect` prints of a place would be all of it, with what should not be told. */
  const has = (place: RegExp, what: string) =>
    places.some(({ name, text }) => place.test(name) && text.includes(what));

  it("is looked for where there is something to be found: each of these places has what the attacks have left there", async () => {
    const left: (readonly [RegExp, string])[] = [
      [/^servers\.log$/, '"route":"/v1/files/:id/download"'],
      [/^refusals/, "unauthenticated"],
      [/^events/, '"type":"file.stored"'],
      [/^table file_storage$/, theirs.fileKey],
      [/^table storage_audit/, theirs.file],
      [/^table spaces_operations/, theirs.fileKey],
      [/^table s3_tokens$/, target.people.alpha],
      [/^PostgreSQL/, theirs.fileKey],
    ];
    for (const [place, what] of left)
      expect({ place, hasIt: has(place, what) }).toEqual({ place, hasIt: true });
    const secrets = await handedOut();
    expect(secrets.has(theirs.token)).toBe(true);
    expect([...secrets].some((secret) => SIGNATURE.test(secret))).toBe(true);
  });

  it("is in none of them: no standing secret, no token, no link, no signature of any URL that was handed out", async () => {
    const handed = await handedOut();
    const signatures = new Set([...handed].filter((secret) => SIGNATURE.test(secret)));
    const words = [
      ...target.standingSecrets,
      ...standingInOtherForms(),
      ...[...handed].filter((secret) => !SIGNATURE.test(secret)),
      "X-Amz-Signature",
      "x-amz-signature",
    ];
    for (const { name, text } of places) {
      // Not `expect`: its message would print the place, and the secret with it.
      const hits = words.filter((word) => text.includes(word)).length;
      // Thousands of signatures: by what in a text could be one.
      const signed = [...text.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)].filter(([hex]) =>
        signatures.has(hex),
      ).length;
      expect({ name, hits, signed }).toEqual({ name, hits: 0, signed: 0 });
    }
  });

  it("is nothing that an attack has got out of a fault of ours: there was none", () => {
    for (const word of ["unexpected error", "UnhandledPromiseRejection"])
      expect({ word, isLogged: has(/^servers\.log$/, word) }).toEqual({ word, isLogged: false });
    expect(has(/^refusals/, '"code":"internal"')).toBe(false);
  });

  it("is nothing that the table of providers or of tokens has in plain", () => {
    const providers = places.find(({ name }) => name === "table storage_providers")?.text ?? "";
    const secrets = [...providers.matchAll(/"secret_access_key_encrypted": "([^"]*)"/g)].map(
      ([, secret]) => secret,
    );
    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.filter((secret) => !/^(env:|enc:v[12]:[\w:+/=]+)$/.test(secret ?? ""))).toHaveLength(0);
    for (const { name, text } of places.filter((place) => /^table (s3_tokens|share_links)$/.test(place.name)))
      expect({ name, isHashed: /"token_sha256": "[0-9a-f]{64}"/.test(text) }).toEqual({
        name,
        isHashed: true,
      });
  });
});

/** As a careless writer would have them. */
function standingInOtherForms(): string[] {
  return target.standingSecrets.flatMap((secret) => [
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("hex"),
    encodeURIComponent(secret),
  ]);
}

async function handedOut(): Promise<Set<string>> {
  const own = await Promise.all(Object.values(target.people).map(tokenOf));
  return new Set([
    ...own,
    ...readBack(target.folder, "secrets")
      .split("\n")
      .filter((line) => line !== ""),
  ]);
}

/** Every row of every table there is. */
async function tables(): Promise<{ name: string; text: string }[]> {
  const names = await query<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found: { name: string; text: string }[] = [];
  for (const { schema, name } of names) {
    const rows = await query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${schema}"."${name}" t`);
    found.push({
      name: `table ${schema === "public" ? "" : `${schema}.`}${name}`,
      text: rows.map(({ row }) => row).join("\n"),
    });
  }
  return found;
}

async function untilEnded(pid: number): Promise<void> {
  for (const deadline = performance.now() + STOPS_WITHIN_MS; performance.now() < deadline; await delay(50))
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  throw new Error(`process ${pid} does not stop`);
}
