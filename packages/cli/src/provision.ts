import { UploadError } from "@audiotricks/protocol";
import {
  type BucketRules,
  type CdnTtl,
  type DigitalOceanAccess,
  ensureCdnEndpoint,
  OperatorError,
  type PreparedStep,
  prepareBucket,
  recordOperator,
  type SpacesProvider,
} from "@audiotricks/storage";
import type { Site } from "./command.ts";
import type { BackupWish } from "./read-provision.ts";

export interface ProvisionWishes {
  provider: SpacesProvider;
  rules: BucketRules;
  backup: BackupWish | undefined;
  cdn: { access: DigitalOceanAccess; ttl: CdnTtl } | undefined;
}

export interface Provision {
  steps: PreparedStep[];
  /** As the provider's row has it. */
  cdn: { cdnEndpoint: string; cdnId: string } | undefined;
}

/**
 * Makes what a provider needs, one after the other, each only where it is not there: to be repeated after it stopped. It is in the
 * audit log, also as far as it came.
 *
 * @throws As `prepareBucket` and `ensureCdnEndpoint`, naming what was made until then.
 */
export async function provision(site: Site, wishes: ProvisionWishes): Promise<Provision> {
  const { provider, rules, backup, cdn } = wishes;
  const isPublicOnly = !site.settings.allowInternalEndpoints;
  const steps: PreparedStep[] = [];
  const onStep = (step: PreparedStep) => void steps.push(step);
  const record = (outcome: string) =>
    recordOperator(site.db, site.by, { action: "prepareProvider", outcome, change: { after: { steps } } });
  await record("begun");
  try {
    await prepareBucket({ ...provider, isPublicOnly }, rules, onStep);
    if (backup !== undefined) {
      const { isVersioned, ...place } = backup;
      // Nobody's page has anything to do there.
      await prepareBucket(
        { ...provider, ...place, isPublicOnly },
        { allowedOrigins: [], isVersioned },
        onStep,
      );
    }
    let found: Provision["cdn"];
    if (cdn !== undefined) {
      const origin = `${provider.bucket}.${new URL(provider.endpoint).host}`;
      const { id, host, outcome } = await ensureCdnEndpoint(cdn.access, { origin, ttl: cdn.ttl });
      onStep({ part: "cdn", name: host, outcome });
      found = { cdnEndpoint: `https://${host}`, cdnId: id };
    }
    await record("done");
    return { steps, cdn: found };
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof UploadError)) throw error;
    await record(error.code);
    const made = steps.length === 0 ? "Nothing was made." : `Until then: ${describeSteps(steps).join("; ")}.`;
    const sentence = `${error.message} ${made} The provider was not added: repeat the command, it goes on from there.`;
    throw error instanceof OperatorError
      ? new OperatorError(error.code, sentence, { cause: error })
      : new UploadError(error.code, sentence, { cause: error });
  }
}

const PARTS = {
  bucket: "bucket",
  cors: "CORS rules of",
  lifecycle: "lifecycle of",
  versioning: "versions of",
  cdn: "CDN endpoint",
} as const;

export function describeSteps(steps: readonly PreparedStep[]): string[] {
  return steps.map(
    ({ part, name, outcome }) => `${PARTS[part]} ${name} ${outcome === "made" ? "made" : "there already"}`,
  );
}
