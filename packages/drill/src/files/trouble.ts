import type { FaultKit } from "@audiotricks/spaces-emulator/faults";

/** Of requests: how many meet each trouble. */
const LIKELY = 0.015;

/** A store that fails now and then, in all the ways in which a network and a store do. */
export async function makeTrouble(kit: FaultKit): Promise<void> {
  await kit.inject({ fault: "error", status: 500, probability: LIKELY });
  await kit.inject({ fault: "error", status: 503, code: "SlowDown", probability: LIKELY / 5 });
  await kit.inject({ fault: "reset", probability: LIKELY });
  await kit.inject({ fault: "lost-answer", probability: LIKELY });
  await kit.inject({ fault: "truncated", operation: "GetObject", probability: LIKELY });
  await kit.inject({ fault: "error-in-200", operation: "CompleteMultipartUpload", probability: 0.1 });
}
