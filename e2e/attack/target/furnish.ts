import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { ask } from "./ask.ts";
import { beginOne, store } from "./upload.ts";

/** What somebody has, by what names it; each of them is for nobody else to see. */
export interface Things {
  /** Of the file, and told by nothing else. */
  name: string;
  file: string;
  fileKey: string;
  session: string;
  s3Session: string;
  s3Key: string;
  share: string;
  /** Of a link that was revoked: one that is good is for everybody. */
  endedLink: string;
  token: string;
  workspace: string;
}

/** A stored file, an open upload, one by Uppy's routes, a share link, and a token. */
export async function furnish(who: string, where: { workspaceId?: string }): Promise<Things> {
  const name = `private-${randomUUID()}.wav`;
  const { file } = await store(who, wavBytes(500), { name, ...where });
  if (where.workspaceId !== undefined)
    await ask(who, "PATCH", `/v1/files/${file.id}`, { json: { accessLevel: "workspace" } });
  const { sessionId } = await beginOne(who, { name, size: 20 * 1024 ** 2, ...where });
  const s3 = (
    await ask(who, "POST", "/s3/multipart", {
      json: { filename: name, type: "audio/wav", metadata: { size: 1000, ...where } },
    })
  ).json<{ key: string; uploadId: string }>();
  const { token } = (await ask(who, "POST", "/v1/s3-tokens", { json: where })).json<{ token: string }>();
  const shares = `/v1/files/${file.id}/shares`;
  const share = async () =>
    (await ask(who, "POST", shares, { json: {} })).json<{ share: { id: string }; url: string }>();
  const [good, ended] = [await share(), await share()];
  await ask(who, "DELETE", `${shares}/${ended.share.id}`);
  const linkOf = ({ url }: { url: string }) => url.split("/").at(-1) ?? "";
  return {
    name,
    file: file.id,
    fileKey: file.key,
    session: sessionId,
    s3Session: s3.uploadId,
    s3Key: s3.key,
    share: good.share.id,
    endedLink: linkOf(ended),
    token,
    workspace: where.workspaceId ?? randomUUID(),
  };
}

/** A documented path with the ids of these things where it has parameters. */
export function pathTo(path: string, things: Things): string {
  const parts: Record<string, string> = {
    id: path.startsWith("/v1/uploads/") ? things.session : things.file,
    shareId: things.share,
    token: path.startsWith("/s/") ? things.endedLink : things.token,
    uploadId: things.s3Session,
    partNumber: "1",
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "");
}
