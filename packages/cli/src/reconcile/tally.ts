import type { Finding, FindingKind } from "@audiotricks/storage";
import { describeHold } from "../describe-hold.ts";
import { FINDING_KINDS } from "./finding-kinds.ts";

/** Of one kind. */
export interface Tally {
  count: number;
  /** Those that came first. */
  samples: Finding[];
}

export type Tallies = Partial<Record<FindingKind, Tally>>;

/** The memory it takes does not grow with the number of findings. */
export function countIn(tallies: Tallies, finding: Finding, maxSamples: number): void {
  const tally = tallies[finding.kind] ?? { count: 0, samples: [] };
  tallies[finding.kind] = tally;
  tally.count++;
  if (tally.samples.length < maxSamples) tally.samples.push(finding);
}

/** Whether nobody needs to look. */
export function isHarmless(tallies: Tallies): boolean {
  return kindsOf(tallies).every((kind) => FINDING_KINDS[kind].isHarmless === true);
}

export function describeTallies(tallies: Tallies): string[] {
  const kinds = kindsOf(tallies);
  if (kinds.length === 0) return ["Buckets and database agree."];
  return kinds.flatMap((kind) => {
    const { count, samples } = tallies[kind] ?? { count: 0, samples: [] };
    const more = count - samples.length;
    return [
      `${kind}: ${count}. ${FINDING_KINDS[kind].means}`,
      ...samples.map((finding) => `  ${describe(finding)}`),
      ...(more > 0 ? [`  … and ${more} more`] : []),
    ];
  });
}

/** In the order in which they matter. */
function kindsOf(tallies: Tallies): FindingKind[] {
  return (Object.keys(FINDING_KINDS) as FindingKind[]).filter((kind) => tallies[kind] !== undefined);
}

function describe(finding: Finding): string {
  if (finding.kind === "provider_failed") return `${finding.providerId}: ${finding.code}: ${finding.message}`;
  if (finding.kind === "counter_differs")
    return `${finding.scope} ${finding.scopeId}: ${JSON.stringify(finding.counted)} instead of ${JSON.stringify(finding.actual)}`;
  if (finding.kind === "expiry_held") return describeHold(finding).join("\n  ");
  if ("file" in finding) return `${finding.file.key} (file ${finding.file.id}, ${finding.file.state})`;
  return "object" in finding ? finding.object.key : finding.key;
}
