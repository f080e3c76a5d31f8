import type { AudioFacts } from "@audiotricks/audio-preflight/inspect";
import type { ClaimedCheck } from "../checks/claim-check.ts";
import { settleCheck } from "../checks/settle-check.ts";
import { readObject } from "../proof/read-object.ts";
import { isStorableText } from "../storable-text.ts";
import type { StorageContext } from "../storage-context.ts";
import { SoundInspectionFailed, type SoundInspector } from "./sound-inspector.ts";

/** A thread may be held up by what else the machine does; a file that is to blame does it every time. */
const MAX_ATTEMPTS = 3;

/**
 * Reads the facts of a file's sound and writes them down. Of one that no thread comes back from, that nothing is known.
 *
 * @throws What the store did; `SoundInspectionFailed` where another attempt may do.
 */
export async function checkSound(
  context: StorageContext,
  inspector: SoundInspector,
  check: ClaimedCheck,
  signal: AbortSignal,
): Promise<void> {
  const { fileId, userId, workspaceId, size, key } = check;
  const { s3 } = await context.stores.of(check.providerId, { fileId, userId, workspaceId });
  const facts = await inspector
    .inspect({ size, read: readObject(s3, key), signal })
    .catch((error: unknown) => {
      if (error instanceof SoundInspectionFailed && check.attempts >= MAX_ATTEMPTS) return null;
      throw error;
    });
  await settleCheck(context, check, () => ({
    sound_inspected_at: context.clock.now(),
    sound_format: facts?.format ?? null,
    sound_codec: textOf(facts?.codec),
    sound_seconds: facts?.durationSeconds ?? null,
    sound_sample_rate: wholeOf(facts?.sampleRate),
    sound_bit_depth: wholeOf(facts?.bitDepth),
    sound_channels: wholeOf(facts?.channels),
    sound_title: textOf(facts?.title),
    sound_artist: textOf(facts?.artist),
    sound_album: textOf(facts?.album),
  }));
}

function textOf(text: AudioFacts["title"] | undefined): string | null {
  return text != null && isStorableText(text) ? text : null;
}

/** Headers of a few formats say fractions. */
function wholeOf(value: number | null | undefined): number | null {
  const whole = Math.round(value ?? 0);
  return whole > 0 ? whole : null;
}
