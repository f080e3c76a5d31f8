import { decodePeaks, type Peaks, UploadError } from "@audiotricks/protocol";
import { type CallOptions, type CompanionClientOptions, createCompanionCall } from "./companion-call.ts";

/** What is sent and answered as bytes. */
export interface WaveformCalls {
  /** Keeps peaks, as `encodePeaks` writes them, beside one's own file; the first that are kept stay. `pending`: to be asked again. */
  keepWaveform: (
    fileId: string,
    peaks: Uint8Array<ArrayBuffer>,
    options?: CallOptions,
  ) => Promise<{ state: "stored" | "pending" }>;
  /** `null` where none are kept, or what is kept is none. */
  readWaveform: (fileId: string, options?: CallOptions) => Promise<Peaks | null>;
}

/** By the way that all calls go, with its tokens and its errors: only what is on the wire is bytes instead of JSON. */
export function createWaveformCalls(options: CompanionClientOptions): WaveformCalls {
  const send: typeof fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  const pathOf = (fileId: string) => `/v1/files/${encodeURIComponent(fileId)}/waveform`;
  return {
    keepWaveform: (fileId, peaks, callOptions) => {
      const call = createCompanionCall({
        ...options,
        fetch: (input, init) => {
          const headers = new Headers(init?.headers);
          headers.set("content-type", "application/octet-stream");
          return send(input, { ...init, headers, body: peaks });
        },
      });
      return call("POST", pathOf(fileId), callOptions);
    },
    readWaveform: async (fileId, callOptions) => {
      let peaks: Peaks | null = null;
      const call = createCompanionCall({
        ...options,
        fetch: async (input, init) => {
          // Asked for again each time, and answered without the bytes while the browser has them.
          const response = await send(input, { ...init, cache: "no-cache" });
          if (!response.ok) return response;
          peaks = decodePeaks(new Uint8Array(await response.arrayBuffer()));
          return Response.json({});
        },
      });
      try {
        await call("GET", pathOf(fileId), callOptions);
      } catch (error) {
        if (error instanceof UploadError && error.code === "file_not_found") return null;
        throw error;
      }
      return peaks;
    },
  };
}
