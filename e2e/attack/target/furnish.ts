import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
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
  /** Of which the session's file is one. */
  group: string;
  s3Session: string;
  s3Key: string;
  share: string;
  /** Of a link that was revoked: one that is good is for everybody. */
  endedLink: string;
  token: string;
  /** An archive of the file, made. */
  export: string;
  workspace: string;
}

/** A stored file, an open upload, one by Uppy's routes, a share link, a token, and an archive. */
export async function furnish(who: string, where: { workspaceId?: string }): Promise<Things> {
  const name = `private-${randomUUID()}.wav`;
  const { file } = await store(who, wavBytes(500), { name, ...where });
  if (where.workspaceId !== undefined)
    await ask(who, "PATCH", `/v1/files/${file.id}`, { json: { accessLevel: "workspace" } });
  const group = randomUUID();
  const { sessionId } = await beginOne(who, {
    name,
    size: 20 * 1024 ** 2,
    ...where,
    group: { id: group, size: 2 },
  });
  const s3 = (
    await ask(who, "POST", "/s3/multipart", {
      json: { filename: name, type: "audio/wav", metadata: { size: 1000, ...where } },
    })
  ).json<{ key: string; uploadId: string }>();
  const { token } = (await ask(who, "POST", "/v1/s3-tokens", { json: where })).json<{ token: string }>();
  const archive = (
    await ask(who, "POST", "/v1/exports", { json: { kind: "files", fileIds: [file.id] } })
  ).json<{ id: string }>();
  await untilMade(who, archive.id);
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
    group,
    s3Session: s3.uploadId,
    s3Key: s3.key,
    share: good.share.id,
    endedLink: linkOf(ended),
    token,
    export: archive.id,
    workspace: where.workspaceId ?? randomUUID(),
  };
}

const MADE_WITHIN_MS = 30_000;

async function untilMade(who: string, id: string): Promise<void> {
  const deadline = performance.now() + MADE_WITHIN_MS;
  for (;;) {
    const { state } = (await ask(who, "GET", `/v1/exports/${id}`)).json<{ state: string }>();
    if (state === "done") return;
    if (performance.now() > deadline) throw new Error(`the archive is ${state}`);
    await delay(200);
  }
}

/** A documented path with the ids of these things where it has parameters. */
export function pathTo(path: string, things: Things): string {
  const parts: Record<string, string> = {
    id: idIn(path, things),
    shareId: things.share,
    token: path.startsWith("/s/") ? things.endedLink : things.token,
    uploadId: things.s3Session,
    partNumber: "1",
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "");
}

function idIn(path: string, things: Things): string {
  if (/^\/v1\/(admin\/)?uploads\//.test(path)) return things.session;
  if (path.startsWith("/v1/groups/")) return things.group;
  return path.startsWith("/v1/exports/") ? things.export : things.file;
}
