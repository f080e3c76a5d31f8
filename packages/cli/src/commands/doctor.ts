import { UploadError } from "@audiotricks/protocol";
import {
  type Examination,
  examineBucket,
  listProviders,
  openProviders,
  type Providers,
  readExpiryHold,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { describeHold } from "../describe-hold.ts";
import { EXIT } from "../exit-codes.ts";
import { readOrigin } from "../read-provision.ts";
import { isUuid } from "../read-words.ts";
import { recordAround } from "../record-around.ts";

/** Of one bucket. One that cannot even be opened has the sentence that says why, in place of findings. */
type Visit = { id: string; bucket: string } & (
  | (Examination & { error?: never })
  | { error: { code: string; message: string } }
);

export const doctor: Command = {
  name: "doctor",
  synopsis: "[--provider ID] [--origin URL]… [--fix]",
  summary:
    "Looks at everything about the buckets that uploads need, as servers, pages and strangers meet them: of ALLOWED_ORIGINS, PUBLIC_URL and --origin. --fix mends what can be mended, with a key that may.",
  options: {
    provider: { type: "string" },
    origin: { type: "string", multiple: true },
    fix: { type: "boolean" },
  },
  needsStore: true,
  changes: (words) =>
    words.has("fix") ? { action: "fixBucket", resourceId: words.text("provider") } : undefined,
  run: async (site, words) => {
    const { db, settings } = site;
    const only = words.text("provider");
    if (only !== undefined && !isUuid(only)) throw new CliError("usage", "--provider must be an id, a UUID.");
    const origins = [...new Set([...settings.origins, ...words.all("origin").map(readOrigin)])];
    const all = (await listProviders(db)).filter(({ isActive }) => isActive);
    const asked = only === undefined ? all : all.filter(({ id }) => id === only.toLowerCase());
    if (asked.length === 0)
      throw new CliError("settings", "There is no such active provider: see provider list, and add one.");
    const { spaces, encryptionKey, allowInternalEndpoints } = settings;
    const providers = await openProviders({ db, given: spaces, encryptionKey, allowInternalEndpoints });
    const visits: Visit[] = [];
    for (const { id, bucket, cdnEndpoint } of asked) {
      const fix = words.has("fix");
      const look = () => visit(providers, id, { origins, cdnEndpoint: cdnEndpoint ?? undefined, fix });
      const examination = fix
        ? await recordAround(site, { action: "fixBucket", resourceId: id }, look, summarize)
        : await look();
      visits.push({ id, bucket, ...examination });
    }
    const expiryHold = await readExpiryHold(db);
    const held = expiryHold === undefined ? [] : [describeHold(expiryHold).join("\n")];
    const isWell =
      expiryHold === undefined && visits.every((one) => one.error === undefined && one.findings.length === 0);
    const note =
      origins.length > 0 ? "" : "No page was tried: set ALLOWED_ORIGINS or PUBLIC_URL, or say --origin.\n\n";
    return {
      json: { origins, buckets: visits, ...(expiryHold === undefined ? {} : { expiryHold }) },
      text: note + [...visits.map(describe), ...held].join("\n\n"),
      exitCode: isWell ? EXIT.ok : EXIT.look,
    };
  },
};

async function visit(providers: Providers, id: string, options: Parameters<typeof examineBucket>[1]) {
  try {
    return await examineBucket(await providers.get(id), options);
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

function summarize(examination: Awaited<ReturnType<typeof visit>>) {
  if ("error" in examination) return { error: examination.error.code };
  const codesOf = (findings: { code: string }[]) => findings.map(({ code }) => code);
  const { fixed, refusedFixes, findings } = examination;
  return { fixed: codesOf(fixed), refused: codesOf(refusedFixes), left: codesOf(findings) };
}

function describe(one: Visit): string {
  const head = `Bucket ${one.bucket} (${one.id})`;
  if (one.error !== undefined) return `${head}\n  ${one.error.code}: ${one.error.message}`;
  const lines = [
    ...one.fixed.map(({ code, what }) => `  mended ${code}: ${what}`),
    ...one.refusedFixes.map(({ code, answer }) => `  could not mend ${code}: the store answers ${answer}`),
    ...one.findings.map(({ code, what, breaks, mend }) => `  ${code}: ${what}\n    ${breaks}\n    ${mend}`),
  ];
  return [head, ...(one.findings.length === 0 ? [...lines, "  All is well."] : lines)].join("\n");
}
