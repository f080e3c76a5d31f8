import { Upload as TusUpload } from "tus-js-client";
import type { Upload } from "../contender.ts";

/** Files at once; a file goes in one request, because its store cannot put parallel ones together. */
const LANES = 6;

export function prepare(settings: Record<string, unknown>): Upload {
  const endpoint = `${String(settings.origin)}/files`;
  return async (files) => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let file = files[next++]; file !== undefined; file = files[next++]) await send(file, endpoint);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };
}

async function send(file: File, endpoint: string): Promise<void> {
  const metadata = { filename: file.name, filetype: file.type };
  const fingerprint = { name: file.name, size: file.size, lastModified: file.lastModified };
  await new Promise<void>((resolve, reject) => {
    const upload = new TusUpload(file, {
      endpoint,
      metadata,
      fingerprint: () => Promise.resolve(JSON.stringify(fingerprint)),
      removeFingerprintOnSuccess: true,
      retryDelays: [0, 1000, 3000, 5000],
      onError: reject,
      onSuccess: () => resolve(),
    });
    // As its documentation does it: go on with what was begun before a reload.
    upload
      .findPreviousUploads()
      .then(([previous]) => {
        if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
        upload.start();
      })
      .catch(reject);
  });
}
