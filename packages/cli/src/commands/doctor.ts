import { UploadError } from "@audiotricks/protocol";
import {
  type Examination,
  examineBucket,
  listProviders,
  openProviders,
  type Providers,
  readExpiryHold,
  readScanPolicy,
  type ScanPolicy,
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
    for (const { id, bucket, cdnEndpoint, purpose } of asked) {
      const fix = words.has("fix");
      const met = {
        // With copies, and with what is cold, no page has anything to do: a rule that lets one in would be too much.
        origins: purpose === "files" ? origins : [],
        cdnEndpoint: cdnEndpoint ?? undefined,
      };
      const look = () => visit(providers, id, { ...met, fix });
      const examination = fix
        ? await recordAround(site, { action: "fixBucket", resourceId: id }, look, summarize)
        : await look();
      visits.push({ id, bucket, ...examination });
    }
    const expiryHold = await readExpiryHold(db);
    const held = expiryHold === undefined ? [] : [describeHold(expiryHold).join("\n")];
    const recorded = await readScanPolicy(db);
    const isOther = recorded !== settings.scanPolicy;
    const scanning = isOther ? [describeOtherPolicy(recorded, settings.scanPolicy)] : [];
    const isWell =
      expiryHold === undefined &&
      !isOther &&
      visits.every((one) => one.error === undefined && one.findings.length === 0);
    const note =
      origins.length > 0 ? "" : "No page was tried: set ALLOWED_ORIGINS or PUBLIC_URL, or say --origin.\n\n";
    return {
      json: {
        origins,
        buckets: visits,
        ...(expiryHold === undefined ? {} : { expiryHold }),
        ...(isOther ? { scanPolicy: { recorded, settings: settings.scanPolicy } } : {}),
      },
      text: note + [...visits.map(describe), ...held, ...scanning].join("\n\n"),
      exitCode: isWell ? EXIT.ok : EXIT.look,
    };
  },
};

const POLICIES: Record<ScanPolicy, string> = {
  off: "are not scanned",
  after: "are given out while they wait for their scan",
  before: "are held until they were scanned",
};

function describeOtherPolicy(recorded: ScanPolicy, ours: ScanPolicy): string {
  return [
    `Files ${POLICIES[recorded]}, as the server wrote that started last (${recorded}); by the settings here they ${POLICIES[ours]} (${ours}).`,
    "  Give every server, and this command, the same CLAMD_ADDRESS and SCAN_REQUIRED, and start the servers again. audit says who changed it.",
  ].join("\n");
}

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
