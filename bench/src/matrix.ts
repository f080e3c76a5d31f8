import type { LinkProfile } from "./link/link.ts";
import { MiB, type Workload } from "./workload.ts";

const Mbit = 1_000_000;

export interface NamedLink {
  title: string;
  /** `null`: none. */
  profile: LinkProfile | null;
  /** Of the bytes of a workload, so that a slow link does not take a night. */
  share: number;
}

export const LINKS: Record<string, NamedLink> = {
  lossy: {
    title: "100 Mbit/s, 60 ms, 0.05 % loss",
    profile: { bitsPerSecond: 100 * Mbit, delayMs: 30, loss: 0.0005 },
    share: 1,
  },
  clean: {
    title: "100 Mbit/s, 60 ms",
    profile: { bitsPerSecond: 100 * Mbit, delayMs: 30, loss: 0 },
    share: 1,
  },
  slow: {
    title: "20 Mbit/s, 30 ms",
    profile: { bitsPerSecond: 20 * Mbit, delayMs: 15, loss: 0 },
    share: 0.1,
  },
  loopback: { title: "loopback", profile: null, share: 1 },
};

export const WORKLOADS: Record<string, Workload> = {
  big: { count: 1, size: 1024 * MiB },
  album: { count: 20, size: 100 * MiB },
  songs: { count: 1000, size: MiB },
  clips: { count: 10_000, size: 10 * 1024 },
};

/** Of one big file, for those that send one part after another: where packets are lost they would take an hour. */
const ONE_LANE_LOSSY_BYTES = 200 * MiB;

/** @param isOneLane Of the contender; see above. */
export function scaled(workload: Workload, link: NamedLink, isOneLane: boolean): Workload {
  const { count, size } = workload;
  // Fewer files where there are many of them, smaller ones where there are few.
  const shared =
    count >= 100
      ? { count: Math.ceil(count * link.share), size }
      : { count, size: Math.ceil(size * link.share) };
  const isSlowed = isOneLane && shared.count === 1 && (link.profile?.loss ?? 0) > 0;
  return isSlowed ? { count: 1, size: Math.min(shared.size, ONE_LANE_LOSSY_BYTES) } : shared;
}
