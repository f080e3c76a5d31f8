import { S3_LIMITS, UploadError } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import type { ByteCutter, CutBytes } from "./byte-cutter.ts";
import { isMd5Etag } from "./etag.ts";
import type { S3Connection } from "./s3-connection.ts";
import { uploadPart } from "./upload-part.ts";

/** How parts are cut and sent; sizes in bytes. */
export interface Sending {
  /** Of each part but the last, by its number from 1 on. */
  partSizeOf: (partNumber: number) => number;
  /** Parts on their way at once; stores bound it for one object. */
  lanes: number;
  /** Held by the parts cut and on their way; one part at least. */
  memory: number;
  /**
   * Before a part leaves: how many bytes there are with it. What it throws ends the sending, so that no byte leaves that nobody
   * made room for.
   */
  beforePart?: ((size: number) => Promise<void>) | undefined;
  /** When the store has a part; what it throws ends the sending. */
  afterPart?: ((part: StoredPart) => Promise<void>) | undefined;
}

/**
 * Sends all that the cutter has as the parts of one upload, from `first` on.
 *
 * @param upload.first Cut already: the first part, by default number 1.
 * @returns The parts, in order. When it rejects, no part is on its way any more.
 * @throws What stopped it first: what the source or `beforePart` threw, the reason of `s3.signal`, or an `UploadError` as
 *   `uploadPart` has them; `file_too_large` beyond what an object may have.
 */
export async function sendParts(
  s3: S3Connection,
  upload: { key: string; uploadId: string; cutter: ByteCutter; first: CutBytes; firstNumber?: number },
  { partSizeOf, lanes, memory, beforePart, afterPart }: Sending,
): Promise<StoredPart[]> {
  const { key, uploadId, cutter } = upload;
  const stop = new AbortController();
  const signal = s3.signal === undefined ? stop.signal : AbortSignal.any([s3.signal, stop.signal]);
  const stopped = rejectOn(signal);
  const parts: StoredPart[] = [];
  const underWay = new Set<Promise<void>>();
  let held = 0;

  function send(partNumber: number, { bytes, md5 }: CutBytes): void {
    held += bytes.length;
    const sending = uploadPart({ ...s3, signal }, { key, uploadId, partNumber, bytes, md5 })
      .then(async (etag) => {
        if (etag === undefined)
          throw new UploadError("upload_failed", "The store has lost this upload. Start it again.");
        if (isMd5Etag(etag) && etag !== md5) throw new Error("the store took other bytes");
        const part = { partNumber, size: bytes.length, etag };
        await afterPart?.(part);
        parts.push(part);
      })
      .catch(stop.abort.bind(stop))
      .finally(() => {
        held -= bytes.length;
        underWay.delete(sending);
      });
    underWay.add(sending);
  }

  try {
    let cut = upload.first;
    let size = 0;
    for (let partNumber = upload.firstNumber ?? 1; cut.bytes.length > 0; partNumber++) {
      size += cut.bytes.length;
      if (partNumber > S3_LIMITS.maxPartCount || size > S3_LIMITS.maxObjectSize) throw tooLarge();
      await beforePart?.(size);
      send(partNumber, cut);
      // After the last part there is may come nothing: a byte tells.
      const next = partNumber < S3_LIMITS.maxPartCount ? partSizeOf(partNumber + 1) : 1;
      while (underWay.size > 0 && (underWay.size >= lanes || held + next > memory))
        await Promise.race(underWay);
      cut = await Promise.race([cutter.next(next), stopped]);
    }
    await Promise.all(underWay);
    signal.throwIfAborted();
  } catch (error) {
    stop.abort(error);
    await Promise.all(underWay);
    throw signal.reason;
  }
  return parts.toSorted((a, b) => a.partNumber - b.partNumber);
}

/** Of a source that says nothing for long, nobody waits any longer than for the parts. */
function rejectOn(signal: AbortSignal): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  stopped.catch(() => undefined);
  return stopped;
}

function tooLarge(): UploadError {
  return new UploadError("file_too_large", `The file is larger than ${S3_LIMITS.maxObjectSize} bytes.`, {
    details: { maxFileSize: S3_LIMITS.maxObjectSize },
  });
}
