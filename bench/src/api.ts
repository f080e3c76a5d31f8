import type {
  CreatedUpload,
  CreateUploadsResponse,
  PartUrl,
  SignPartsResponse,
} from "@audiotricks/protocol/messages";

/** The companion's interface, as user alpha of the demo; for what a bench needs besides the browser. */
export class Api {
  readonly #origin: string;
  /** Bearer token. */
  readonly token: string;
  readonly #workspaceIds: readonly string[];

  private constructor(origin: string, token: string, workspaceIds: readonly string[]) {
    this.#origin = origin;
    this.token = token;
    this.#workspaceIds = workspaceIds;
  }

  static async signIn(origin: string): Promise<Api> {
    const answer = await fetch(`${origin}/demo/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: "alpha" }),
    });
    const { token, workspaces } = (await answer.json()) as { token: string; workspaces: { id: string }[] };
    return new Api(
      origin,
      token,
      workspaces.map(({ id }) => id),
    );
  }

  async createUploads(sizes: readonly number[]): Promise<CreatedUpload[]> {
    const files = sizes.map((size, index) => ({ clientId: String(index), name: `bench-${index}.wav`, size }));
    const { results } = await this.#call<CreateUploadsResponse>("POST", "/v1/uploads", { files });
    return results.map((result) => {
      if ("error" in result) throw new Error(result.error.message);
      return result.session;
    });
  }

  /** URLs of every part, signed beforehand. */
  async signAll({ sessionId, partCount }: CreatedUpload): Promise<PartUrl[]> {
    const urls: PartUrl[] = [];
    for (let first = 1; first <= partCount; first += 100) {
      const partNumbers = Array.from(
        { length: Math.min(100, partCount - first + 1) },
        (_, index) => first + index,
      );
      const path = `/v1/uploads/${sessionId}/parts/sign`;
      urls.push(...(await this.#call<SignPartsResponse>("POST", path, { partNumbers })).urls);
    }
    return urls;
  }

  async cancel(sessionId: string): Promise<void> {
    await this.#call("DELETE", `/v1/uploads/${sessionId}`);
  }

  /** Of the user, and of the user's workspaces. @returns What there was. */
  async deleteAll(): Promise<{ id: string; size: number }[]> {
    const deleted: { id: string; size: number }[] = [];
    for (const space of ["", ...this.#workspaceIds.map((id) => `&workspaceId=${id}`)]) {
      for (;;) {
        const { files } = await this.#call<{ files: typeof deleted }>("GET", `/v1/files?limit=200${space}`);
        if (files.length === 0) break;
        deleted.push(...files);
        const left = [...files];
        const lane = async (): Promise<void> => {
          for (let file = left.pop(); file !== undefined; file = left.pop()) {
            await this.#call("DELETE", `/v1/files/${file.id}`);
          }
        };
        await Promise.all(Array.from({ length: 8 }, lane));
      }
    }
    return deleted;
  }

  async #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(this.#origin + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }
}
