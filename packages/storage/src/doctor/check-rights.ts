import { tryKey } from "../providers/check-key.ts";
import type { BucketFinding, Patient } from "./bucket-finding.ts";

const NEEDED_FOR: Readonly<Record<string, string>> = {
  ListObjects: "Servers cannot sweep up what ended uploads leave, or reconcile: it stays, and is billed.",
  PutObject: "Nobody can upload small files.",
  GetObject: "Nobody can play or download, and no upload can be proved and completed.",
  DeleteObject: "Deleted files stay in the bucket, and are billed.",
  CreateMultipartUpload: "Nobody can upload large files.",
  ListMultipartUploads: "Servers cannot find uploads that nobody owns: they stay, and are billed.",
  AbortMultipartUpload: "Cancelled uploads stay in the bucket, and are billed.",
};

/** One finding for each call of run time that the key may not make. */
export async function checkRights({ client, address }: Patient): Promise<BucketFinding[]> {
  const refused = await tryKey(client, address.bucket);
  return refused.map(({ call, status, code }) => ({
    code: "key_rights",
    what: `${call} is refused: ${status ?? ""} ${code}.`.replace("  ", " "),
    breaks: NEEDED_FOR[call] ?? "Something of uploads does not work.",
    mend: "Give the key the rights to read, write and delete in this bucket, or put one that has them in its place (provider rotate).",
  }));
}
