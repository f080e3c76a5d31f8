import type { UploadErrorCode } from "@audiotricks/protocol";

/** For developers and operators: when a code is answered, and what they can do. A code without words is a type error. */
export const ERROR_CAUSES = {
  invalid_request: {
    why: "A parameter, header or body is not of the shape the route takes; `details.issues` names the places.",
    remedy: "Mend the request: the same one fails again.",
  },
  unauthenticated: {
    why: "No sign-in, one that is not valid here, or one that has expired.",
    remedy:
      "Return a fresh token from `getToken`. If it is fresh, compare issuer, audience, algorithm and clock with the server's settings.",
  },
  forbidden: {
    why: "The caller sees the resource and may not change it, or a page of a foreign origin asked.",
    remedy: "Compare the caller's role with the table of rights; for an origin, add it to `ALLOWED_ORIGINS`.",
  },
  unknown_user: {
    why: "The token is good and its subject is no user here.",
    remedy:
      "Add a row to `users` or `user_identities`, or set `JWT_CREATE_USERS=true` where the table is the server's own.",
  },
  route_not_found: {
    why: "No route has this path.",
    remedy: "Check `companionUrl`: it ends before `/v1`, and after the base path if there is one.",
  },
  session_not_found: {
    why: "There is no such upload, or it is somebody else's.",
    remedy: "Begin a new upload; the engine does so by itself.",
  },
  file_not_found: {
    why: "There is no such file, it was deleted, or the caller does not reach it.",
    remedy: "Read the list of files again.",
  },
  workspace_not_found: {
    why: "There is no such workspace, or the caller is no member of it.",
    remedy: "Check `workspaceId` and the rows of the workspace's members.",
  },
  share_not_found: {
    why: "The link is unknown, expired, revoked or used up, or its file is gone.",
    remedy: "Make a new link.",
  },
  alert_not_found: {
    why: "There is no such alert.",
    remedy: "Read the list of alerts again.",
  },
  method_not_allowed: {
    why: "The path exists for other methods; the header `Allow` names them.",
    remedy: "Use one of those.",
  },
  idempotency_conflict: {
    why: "The same `Idempotency-Key` came before with another body.",
    remedy: "A new request gets a new key; a repeated one its old body.",
  },
  session_not_open: {
    why: "The upload is past the state in which this call makes sense; `details.state` says where it is.",
    remedy: "Read the upload. If it has ended, begin a new one.",
  },
  session_completed: {
    why: "The upload is complete already.",
    remedy: "Nothing to do: the file is there.",
  },
  parts_missing: {
    why: "Completion was asked for before the store had every part, or other bytes are there than were sent.",
    remedy: "Send the parts in `details.missing`, then complete again.",
  },
  file_not_ready: {
    why: "The file is not in a state in which it can be read or changed so; `details.state` says which. With `details.scan` it is held until it was scanned.",
    remedy: "Wait until it is `stored`; of one that is held, ask again after `details.retryAfterMs`.",
  },
  access_changing: {
    why: "Another change of who may read the file is under way.",
    remedy: "Ask again after `details.retryAfterMs`.",
  },
  body_too_large: {
    why: "The JSON body is larger than 1 MiB. Files never go through the companion.",
    remedy: "Send fewer files in one request; 100 is the most.",
  },
  file_empty: { why: "The file has 0 bytes.", remedy: "Choose another file." },
  file_too_large: {
    why: "The file is larger than the provider or its kind takes.",
    remedy: "Use a smaller file; `GET /v1/config` says the limit for audio.",
  },
  type_not_allowed: {
    why: "The name's ending is none that is taken, or the announced type does not belong to it.",
    remedy: "Use one of `allowedExtensions` of `GET /v1/config`.",
  },
  access_not_allowed: {
    why: "Files of this kind are not for so many eyes, or the file is in no workspace to share it with.",
    remedy: "Choose a narrower access level.",
  },
  content_mismatch: {
    why: "The stored bytes are not what the name says, such as a program named .mp3. Nothing is kept.",
    remedy: "Rename or export the file, then upload it anew.",
  },
  size_mismatch: {
    why: "The store holds another number of bytes than was announced.",
    remedy: "Make sure that nothing writes to the file, then upload it anew.",
  },
  quota_exceeded: {
    why: "The user or the workspace has no room for it; `details` has scope, limit, and what is used and reserved.",
    remedy: "Delete files, cancel unfinished uploads, or raise the limit.",
  },
  upload_failed: {
    why: "The upload cannot be finished, for instance because the store has lost it.",
    remedy: "Begin the upload anew.",
  },
  too_many_sessions: {
    why: "The user has as many open uploads as are allowed, 1000 by default.",
    remedy: "Finish or cancel some. `MAX_OPEN_UPLOADS` is the limit.",
  },
  rate_limited: {
    why: "More requests a minute than one user or one address may make.",
    remedy:
      "Wait for `Retry-After`. Behind a proxy, set `TRUSTED_PROXIES`, or all its users count as one address.",
  },
  too_many_streams: {
    why: "The user has as many event streams open as are allowed: 8 in each process.",
    remedy: "Read `GET /v1/quota` instead, or close one of them; a page needs one at most.",
  },
  internal: {
    why: "A fault of the server. It is logged under the request id, which is in `details.requestId` and `X-Request-Id`.",
    remedy: "Repeat the request; look for the id in the server's log.",
  },
  provider_unsupported: {
    why: "The store cannot do this, such as making a file public, or the row of the provider names a vendor without S3.",
    remedy: "Use another bucket; `audiotricks-storage doctor` says what one can do.",
  },
  storage_unavailable: {
    why: "The store does not answer as it should, or is still at work.",
    remedy: "Repeat the request. If it stays, look at `/readyz` and run `audiotricks-storage doctor`.",
  },
  database_unavailable: {
    why: "PostgreSQL does not answer, or is busy with the same rows.",
    remedy: "Repeat the request. If it stays, look at `/readyz` and the database.",
  },
  no_provider: {
    why: "No bucket is set up, or the secret of the one that is cannot be had.",
    remedy:
      "Set `SPACES_…`, or add a bucket by `audiotricks-storage provider add`; the server's log says what is missing.",
  },
  streams_unavailable: {
    why: "The process has as many event streams as it may have, is about to stop, or is set up to have none.",
    remedy:
      "Read `GET /v1/quota` instead, and ask again after `Retry-After`. `MAX_EVENT_STREAMS` is the limit.",
  },
} as const satisfies Record<UploadErrorCode, { why: string; remedy: string }>;
