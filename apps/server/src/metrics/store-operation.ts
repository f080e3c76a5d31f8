/**
 * S3's call behind a request, by what every S3 server tells it from: a bounded set, and no key.
 *
 * @param path As sent, with its query.
 * @param isCopy Whether the request names an object to copy.
 */
export function storeOperation(method: string, path: string, isCopy: boolean): string {
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  const isOfUpload = query.has("uploadId");
  switch (method) {
    case "HEAD":
      return "head";
    case "GET":
      if (isOfUpload) return "list_parts";
      if (query.has("uploads")) return "list_uploads";
      return isList(query) ? "list_objects" : "get";
    case "PUT":
      if (isCopy) return "copy";
      return isOfUpload ? "upload_part" : "put";
    case "POST":
      if (query.has("uploads")) return "create_upload";
      if (query.has("delete")) return "delete";
      return isOfUpload ? "complete_upload" : "other";
    case "DELETE":
      return isOfUpload ? "abort_upload" : "delete";
    default:
      return "other";
  }
}

function isList(query: URLSearchParams): boolean {
  return ["prefix", "marker", "max-keys", "list-type"].some((name) => query.has(name));
}

/** To ask whether something is there, or still the same, and to hear that it is not, is fine. */
export function storeOutcome(status: number): string {
  if (status < 400 || status === 404 || status === 412 || status === 416) return "ok";
  if (status === 429 || status === 503) return "slow_down";
  return status < 500 ? "refused" : "failed";
}
