import { createHash } from "node:crypto";
import { partAt, UploadError } from "@audiotricks/protocol";
import type {
  CompleteUploadRequest,
  CreatedUpload,
  FileGroup,
  PartUrl,
} from "@audiotricks/protocol/messages";
import type { Caller, Principal, ServicePrincipal, Storage } from "@audiotricks/storage";
import type { Site } from "../site/site.ts";
import { isExport, md5Of, type Stretch } from "../store/content.ts";
import { putToStore } from "../store/put-to-store.ts";
import { running } from "../world/actor.ts";
import { ask, type Companion } from "./companion.ts";

export interface DeviceUpload {
  session: CreatedUpload;
  content: string;
  me: Principal;
  /** Who sends and completes it in the place of its owner. */
  by?: ServicePrincipal;
  urls: Map<number, PartUrl>;
  /** Every URL it ever had, to be used again by somebody else. */
  allUrls: PartUrl[];
  /** ETags of the parts that it was told are stored. */
  etags: Map<number, string>;
}

/** Somebody who uses the HTTP interface directly, one call at a time and in any order. */
export class Device {
  readonly #site: Site;
  readonly #pick: () => Companion;
  readonly uploads: DeviceUpload[] = [];
  /** Of which others were made. */
  readonly parents: DeviceUpload[] = [];

  /** @param pick The server that a load balancer would choose. */
  constructor(site: Site, pick: () => Companion) {
    this.#site = site;
    this.#pick = pick;
  }

  ask<T>(work: (storage: Storage) => Promise<T>, timeoutMs?: number): Promise<T> {
    return ask(this.#site, this.#pick(), work, timeoutMs);
  }

  async create(
    me: Principal,
    wishes: {
      content: string;
      size: number;
      method?: "put" | "multipart";
      workspaceId?: string;
      idempotencyKey: string;
      /** By default after its content. */
      name?: string;
      group?: FileGroup;
    },
  ) {
    const { content, size, method, workspaceId, idempotencyKey, group, name = `${content}.wav` } = wishes;
    const file = {
      clientId: content,
      size,
      ...(isExport(content)
        ? { name: `${content}.zip`, type: "application/zip", contentType: "export_file" as const }
        : { name, type: "audio/wav", contentType: "audio_file" as const }),
      ...(group === undefined ? {} : { group }),
      ...(method === undefined ? {} : { method }),
      ...(workspaceId === undefined ? {} : { workspaceId }),
    };
    const [result] = await this.ask(async (storage) => {
      const results = await storage.uploads.create(me, [file], { idempotencyKey });
      for (const one of results) if ("session" in one) bear(this.#site, me, one.session);
      return results;
    });
    if (result === undefined || "error" in result) return;
    const { session } = result;
    const known = this.uploads.find((upload) => upload.session.sessionId === session.sessionId);
    const upload = known ?? { session, content, me, urls: new Map(), allUrls: [], etags: new Map() };
    if (known === undefined) this.uploads.push(upload);
    learn(upload, session.urls);
  }

  /** A service that makes another file of one. */
  async derive(
    parent: DeviceUpload,
    wishes: { content: string; size: number; category: "processed" | "chunk" },
  ): Promise<DeviceUpload> {
    const { content, size, category } = wishes;
    const { me } = parent;
    const service = { service: "pipeline" };
    const session = await this.ask(async (storage) => {
      const request = { name: `${content}.wav`, size, category };
      const answer = await storage.files.derive(service, parent.session.fileId, request, {
        idempotencyKey: content,
      });
      bear(this.#site, me, answer);
      return answer;
    });
    const known = this.uploads.find((upload) => upload.session.sessionId === session.sessionId);
    const upload = known ?? {
      session,
      content,
      me,
      by: service,
      urls: new Map(),
      allUrls: [],
      etags: new Map(),
    };
    if (known === undefined) {
      this.uploads.push(upload);
      this.parents.push(parent);
    }
    learn(upload, session.urls);
    return upload;
  }

  /** Sends these parts, or a PUT's one; asks for URLs where it has none. */
  async send(upload: DeviceUpload, partNumbers: readonly number[]): Promise<void> {
    const { session, me } = upload;
    const unsigned = partNumbers.filter((partNumber) => !upload.urls.has(partNumber));
    if (unsigned.length > 0) await this.sign(upload, unsigned);
    await Promise.all(
      partNumbers.map(async (partNumber) => {
        const url = upload.urls.get(partNumber);
        if (url === undefined) return;
        const { offset, size } = partAt({ fileSize: session.size, partSize: session.partSize, partNumber });
        const answer = await this.put(session.sessionId, url, { content: upload.content, offset, size });
        if (answer?.status === 403) upload.urls.delete(partNumber);
        if (answer?.status === 200) {
          upload.etags.set(partNumber, (answer.headers.etag ?? "").replaceAll('"', ""));
        }
      }),
    );
    void me;
  }

  async sign(
    upload: DeviceUpload,
    partNumbers: readonly number[],
    finished?: { partNumber: number; etag: string }[],
  ) {
    const urls = await this.ask((storage) =>
      storage.uploads.signParts(upload.by ?? upload.me, upload.session.sessionId, {
        partNumbers: [...partNumbers],
        ...(finished === undefined ? {} : { finished }),
      }),
    );
    learn(upload, urls);
  }

  put(sessionId: string, { url, headers }: PartUrl, stretch: Stretch) {
    this.#site.ledger.sessions.get(sessionId)?.contents.add(stretch.content);
    const { random } = running();
    const md5 = Buffer.from(md5Of(stretch), "hex").toString("base64");
    const checked = random.chance(0.8) ? { "content-md5": md5 } : {};
    return putToStore(this.#site, { url, headers: { ...headers, ...checked }, body: stretch });
  }

  async complete(upload: DeviceUpload, companion: Companion): Promise<void> {
    const { session, me, by } = upload;
    const { sessionId } = session;
    const request = running().random.chance(0.7) ? proofOf(upload) : {};
    const timeoutMs = 300_000;
    await ask(
      this.#site,
      companion,
      (storage) => complete(this.#site, storage, by ?? me, sessionId, request),
      timeoutMs,
    );
  }

  async completeMany(me: Principal, uploads: readonly DeviceUpload[]): Promise<void> {
    await this.ask(async (storage) => {
      const wanted = uploads.map((upload) => ({ sessionId: upload.session.sessionId, ...proofOf(upload) }));
      for (const result of await storage.uploads.completeMany(me, wanted)) {
        if ("state" in result && result.state === "completed") {
          this.#site.ledger.saidCompleted(result.sessionId, result.file);
        }
      }
    }, 300_000);
  }

  async cancel({ session, me, by }: DeviceUpload): Promise<void> {
    await this.ask((storage) => cancel(this.#site, storage, by ?? me, session.sessionId));
  }
}

export async function complete(
  site: Site,
  storage: Storage,
  me: Caller,
  sessionId: string,
  request: CompleteUploadRequest,
) {
  const completion = await storage.uploads.complete(me, sessionId, request);
  if (completion.state === "completed") site.ledger.saidCompleted(sessionId, completion.file);
  return completion;
}

export async function cancel({ ledger }: Site, storage: Storage, me: Caller, sessionId: string) {
  ledger.askedToCancel.add(sessionId);
  const answer = await storage.uploads.cancel(me, sessionId);
  if (answer.state === "aborted" || answer.state === "aborting") ledger.saidAborted(sessionId);
  return answer;
}

export function bear({ ledger }: Site, me: Principal, session: CreatedUpload): void {
  const { sessionId, fileId, key, size, method, partSize, partCount } = session;
  ledger.born({ sessionId, fileId, userId: me.userId, key, size, method, partSize, partCount });
}

/** What the companion may hold the store's parts against. */
function proofOf({ session, content }: DeviceUpload): CompleteUploadRequest {
  const { size, partSize, partCount } = session;
  if (session.method === "put") return { md5: md5Of({ content, offset: 0, size }) };
  const hash = createHash("md5");
  for (let partNumber = 1; partNumber <= partCount; partNumber++) {
    const { offset, size: length } = partAt({ fileSize: size, partSize, partNumber });
    hash.update(md5Of({ content, offset, size: length }), "hex");
  }
  return { partsMd5: hash.digest("hex") };
}

function learn(upload: DeviceUpload, urls: readonly PartUrl[]): void {
  for (const url of urls) {
    upload.urls.set(url.partNumber, url);
    upload.allUrls.push(url);
  }
}

/** What a caller is told is the caller's matter. */
export async function whateverComes(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
  }
}
