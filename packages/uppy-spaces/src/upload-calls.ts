import type {
  CancelResponse,
  CompleteUploadRequest,
  CompleteUploadsRequest,
  CompleteUploadsResponse,
  Completion,
  ConfigResponse,
  CreateUploadsRequest,
  CreateUploadsResponse,
  ListUploadsResponse,
  SignPartsRequest,
  SignPartsResponse,
  UploadSession,
} from "@audiotricks/protocol/messages";
import type { CallCompanion, CallOptions } from "./companion-call.ts";

const COMPLETE_TIMEOUT_FACTOR = 5;

/** What uploading asks of the companion. */
export interface UploadCalls {
  config: (options?: CallOptions) => Promise<ConfigResponse>;
  /** `idempotencyKey`: repeating the same request with the same key finds the same sessions. */
  createUploads: (
    request: CreateUploadsRequest,
    options?: CallOptions & { idempotencyKey?: string },
  ) => Promise<CreateUploadsResponse>;
  /** Sessions of this user that can be gone on with, from any device. */
  listUploads: (options?: CallOptions) => Promise<ListUploadsResponse>;
  getUpload: (sessionId: string, options?: CallOptions) => Promise<UploadSession>;
  signParts: (
    sessionId: string,
    request: SignPartsRequest,
    options?: CallOptions,
  ) => Promise<SignPartsResponse>;
  completeUpload: (
    sessionId: string,
    request?: CompleteUploadRequest,
    options?: CallOptions,
  ) => Promise<Completion>;
  completeUploads: (
    request: CompleteUploadsRequest,
    options?: CallOptions,
  ) => Promise<CompleteUploadsResponse>;
  /** Outlives the page: it is sent with `keepalive`. */
  cancelUpload: (sessionId: string, options?: CallOptions) => Promise<CancelResponse>;
}

export function createUploadCalls(call: CallCompanion): UploadCalls {
  const pathOf = (sessionId: string) => `/v1/uploads/${encodeURIComponent(sessionId)}`;
  const timeoutFactor = COMPLETE_TIMEOUT_FACTOR;
  return {
    config: (o) => call("GET", "/v1/config", o),
    createUploads: (body, { idempotencyKey, ...o } = {}) =>
      call("POST", "/v1/uploads", {
        ...o,
        body,
        headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
      }),
    listUploads: (o) => call("GET", "/v1/uploads?state=open", o),
    getUpload: (sessionId, o) => call("GET", pathOf(sessionId), o),
    signParts: (sessionId, body, o) => call("POST", `${pathOf(sessionId)}/parts/sign`, { ...o, body }),
    completeUpload: (sessionId, body = {}, o) =>
      call("POST", `${pathOf(sessionId)}/complete`, { ...o, body, timeoutFactor }),
    completeUploads: (body, o) => call("POST", "/v1/uploads/complete", { ...o, body, timeoutFactor }),
    cancelUpload: (sessionId, o) => call("DELETE", pathOf(sessionId), { ...o, keepalive: true }),
  };
}
