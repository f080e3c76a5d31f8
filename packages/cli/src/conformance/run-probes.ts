import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { CliError } from "../cli-error.ts";
import { type CleanUp, cleanUp } from "./clean-up.ts";
import { type Bucket, type Ground, nameRefusal, openGround } from "./ground.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { CouldNotTell, type Finding, type Probe, type Unasked } from "./probe.ts";

export interface ProbeRun {
  prefix: string;
  findings: Finding[];
  /** Whether somebody stopped it; probes that were not made are among the findings. */
  isInterrupted: boolean;
  cost: { requests: number; bytes: number };
  cleanUp: CleanUp;
}

/**
 * Makes the probes, one after the other, and removes what they made, whatever comes of them.
 *
 * @param options.begin Told where and how much, before the first request.
 * @throws {CliError} `store_unavailable` if the bucket cannot be used at all; nothing was put there.
 */
export async function runProbes(
  bucket: Bucket,
  probes: readonly (Probe | Unasked)[],
  {
    signal,
    begin,
    limits = LIMITS,
  }: { signal: AbortSignal; begin: (prefix: string) => void; limits?: Limits },
): Promise<ProbeRun> {
  using ground = openGround(bucket, AbortSignal.any([signal, AbortSignal.timeout(limits.askingMs)]), limits);
  begin(ground.prefix);
  await requireBucket(ground);
  const findings: Finding[] = [];
  let outcome: CleanUp;
  try {
    await requireRights(ground);
    for (const probe of probes) findings.push(await make(probe, ground));
  } finally {
    outcome = await cleanUp(ground);
  }
  const { prefix, cost } = ground;
  return { prefix, findings, isInterrupted: signal.aborted, cost, cleanUp: outcome };
}

async function requireBucket(ground: Ground): Promise<void> {
  const head = new HeadBucketCommand({ Bucket: ground.bucket.bucket });
  await begin(ground, "use", () => ground.send((s3) => s3.send(head)));
}

/** With a key that may not write, every answer would be about the key. */
async function requireRights(ground: Ground): Promise<void> {
  await begin(ground, "write to", () => ground.put(ground.newKey("begin"), "x"));
}

async function begin(ground: Ground, what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (cause) {
    const { bucket, endpoint } = ground.bucket;
    const reason = cause instanceof CouldNotTell ? cause.message : `the store answers ${nameRefusal(cause)}`;
    const code = ground.isInterrupted() ? "interrupted" : "store_unavailable";
    throw new CliError(code, `Cannot ${what} bucket ${bucket} at ${endpoint}: ${reason}.`, { cause });
  }
}

async function make(probe: Probe | Unasked, ground: Ground): Promise<Finding> {
  const { name, asks } = probe;
  if ("notProbed" in probe) {
    const outcome = {
      verdict: "could_not_tell",
      reason: `not probed: ${probe.notProbed}`,
      isConnection: false,
    } as const;
    return { name, asks, stated: undefined, outcome, means: probe.means };
  }
  const { stated, isStated, means } = probe;
  try {
    const answer = await probe.ask(ground);
    const isSame = isStated === undefined ? answer === stated : isStated.test(answer);
    return isSame
      ? { name, asks, stated, outcome: { verdict: "as_stated", answer }, means: means.asStated }
      : { name, asks, stated, outcome: { verdict: "other", answer }, means: means.other };
  } catch (error) {
    const reason = error instanceof CouldNotTell ? error.message : describeBroken(error);
    const isConnection = error instanceof CouldNotTell && error.isConnection;
    return {
      name,
      asks,
      stated,
      outcome: { verdict: "could_not_tell", reason, isConnection },
      means: `Goes on as if it were: ${stated}.`,
    };
  }
}

function describeBroken(error: unknown): string {
  if (error instanceof Error && "$metadata" in error)
    return `what must come before is answered ${nameRefusal(error)}`;
  return `the probe itself broke: ${error instanceof Error ? error.message : String(error)}`;
}
