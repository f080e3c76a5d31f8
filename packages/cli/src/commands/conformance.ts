import {
  listProviders,
  openProviders,
  type ProviderSummary,
  type SpacesProvider,
  takesSubdomains,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome, Terminal } from "../command.ts";
import type { Leftover } from "../conformance/clean-up.ts";
import type { Bucket } from "../conformance/ground.ts";
import { LIMITS } from "../conformance/limits.ts";
import type { Finding } from "../conformance/probe.ts";
import { PROBES } from "../conformance/probes.ts";
import { type ProbeRun, runProbes } from "../conformance/run-probes.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const conformance: Command = {
  name: "conformance",
  synopsis: "[--provider ID|BUCKET|NAME]",
  summary:
    "Asks a bucket how it behaves wherever stores are known to differ, or nobody knows, and leaves it as it was: that of SPACES_… unless told otherwise.",
  options: { provider: { type: "string" } },
  needsStore: true,
  alone: ({ settings: { spaces }, terminal }, words) =>
    words.text("provider") === undefined && spaces !== undefined
      ? probe(bucketOf(spaces), terminal, words.has("json"))
      : undefined,
  run: async ({ db, settings, terminal }, words) => {
    const { spaces, encryptionKey, allowInternalEndpoints } = settings;
    const { id } = choose(await listProviders(db), words.text("provider"));
    const providers = await openProviders({ db, given: spaces, encryptionKey, allowInternalEndpoints });
    return await probe(await providers.get(id), terminal, words.has("json"));
  },
};

/** By its id, its bucket or its vendor; the primary one where none is named. */
function choose(all: ProviderSummary[], asked: string | undefined): ProviderSummary {
  const matches =
    asked === undefined
      ? all.filter(({ isPrimary }) => isPrimary)
      : all.filter(({ id, bucket, name }) => [id, bucket, name].includes(asked));
  const [one, ...more] = matches;
  if (one === undefined)
    throw new CliError("settings", "There is no such provider: see provider list, or set SPACES_….");
  if (more.length > 0)
    throw new CliError(
      "settings",
      `There are ${matches.length} of that name: give the id, see provider list.`,
    );
  return one;
}

function bucketOf({ accessKeyId, secretAccessKey, ...spaces }: SpacesProvider): Bucket {
  const { endpoint, bucket, region } = spaces;
  const needsPathStyle =
    !takesSubdomains(endpoint) || new URL(endpoint).hostname === "localhost" || bucket.includes(".");
  return {
    endpoint,
    bucket,
    region,
    forcePathStyle: spaces.forcePathStyle === true || needsPathStyle,
    credentials: { accessKeyId, secretAccessKey },
    isPublicOnly: false,
  };
}

async function probe(bucket: Bucket, terminal: Terminal, isJson: boolean): Promise<Outcome> {
  const run = await runProbes(bucket, PROBES, {
    signal: terminal.interrupted,
    begin: (prefix) => {
      if (!isJson) terminal.say(`${announce(bucket, prefix)}\n`);
    },
  });
  const { endpoint, bucket: name } = bucket;
  return {
    json: { endpoint, bucket: name, limits: LIMITS, ...run },
    text: [textTable(HEAD, run.findings.map(toRow)), "", ...sumUp(run)].join("\n"),
    exitCode: exitCodeOf(run),
  };
}

function announce({ endpoint, bucket }: Bucket, prefix: string): string {
  const { requests, bytes, askingMs, cleanUpMs } = LIMITS;
  return `Asking ${bucket} at ${endpoint}, under ${prefix} only: at most ${requests} requests and ${formatSize(bytes)} sent within ${askingMs / 60_000} minutes, then everything there is removed, within ${cleanUpMs / 60_000} minutes. Ctrl-C stops it and removes as well.`;
}

const HEAD = ["PROBE", "ASKED", "ANSWER", "VERDICT", "MEANS"];
const VERDICTS = { as_stated: "as stated", other: "other", could_not_tell: "could not tell" } as const;

function toRow({ name, asks, stated, outcome, means }: Finding): string[] {
  const { verdict } = outcome;
  if (verdict === "could_not_tell") return [name, asks, outcome.reason, VERDICTS[verdict], means];
  const expected = verdict === "other" ? ` (stated: ${stated})` : "";
  return [name, asks, `${outcome.answer}${expected}`, VERDICTS[verdict], means];
}

function sumUp({ findings, cost, isInterrupted, cleanUp, prefix }: ProbeRun): string[] {
  const count = (verdict: Finding["outcome"]["verdict"]) =>
    findings.filter(({ outcome }) => outcome.verdict === verdict).length;
  const verdicts = (["as_stated", "other", "could_not_tell"] as const).map(
    (verdict) => `${VERDICTS[verdict]}: ${count(verdict)}`,
  );
  return [
    ...(isInterrupted ? ["Interrupted: not everything was asked."] : []),
    `${verdicts.join(", ")}. ${cost.requests} requests, ${formatSize(cost.bytes)} sent.`,
    ...(cleanUp.isClean
      ? ["The bucket is as it was: no object, version or upload is left there."]
      : [
          `NOT everything under ${prefix} could be removed (${cleanUp.answer}). Known to be left: ${cleanUp.left.length}`,
          ...cleanUp.left.map(describeLeft),
        ]),
  ];
}

function describeLeft(left: Leftover): string {
  if (left.kind === "upload") return `  upload ${left.uploadId} of ${left.key}`;
  return left.kind === "version" ? `  version ${left.versionId} of ${left.key}` : `  object ${left.key}`;
}

/** An answer that was not expected is an answer; one that did not come is not. */
function exitCodeOf({ findings, isInterrupted, cleanUp }: ProbeRun): ExitCode {
  if (isInterrupted || !cleanUp.isClean) return EXIT.failed;
  const isTold = findings.every(
    ({ outcome }) => outcome.verdict !== "could_not_tell" || !outcome.isConnection,
  );
  return isTold ? EXIT.ok : EXIT.look;
}
