/** Who signs in: at the demo `alpha` or `beta`, in a test whoever it added. */
export type Login = string;

export interface StoredFile {
  id: string;
  name: string;
  size: number;
  type: string;
  state: string;
  key: string;
  checksumSha256: string | null;
  workspaceId: string | null;
  ownerId: string | null;
  group?: { id: string; isOpen: boolean };
}

export interface QuotaScope {
  scope: "user" | "workspace";
  id: string;
  usedBytes: number;
  reservedBytes: number;
  limitBytes: number | null;
  usedFiles: number;
  reservedFiles: number;
}

export interface OpenSession {
  sessionId: string;
  name: string;
  size: number;
  state: string;
}

/** A signed-in user, over HTTP and without a browser. */
export class Account {
  readonly userId: string;
  /** Their own first, the shared one last. */
  readonly workspaces: readonly { id: string; name: string }[];
  /** What the companion knows them by. */
  readonly token: string;
  readonly #url: string;

  private constructor(
    url: string,
    answer: { token: string; user: { id: string }; workspaces: Account["workspaces"] },
  ) {
    this.#url = url;
    this.token = answer.token;
    this.userId = answer.user.id;
    this.workspaces = answer.workspaces;
  }

  static async signIn(url: string, user: Login): Promise<Account> {
    const response = await fetch(`${url}/demo/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user }),
    });
    if (!response.ok) throw new Error(`signing in as ${user}: ${response.status} ${await response.text()}`);
    return new Account(url, await response.json());
  }

  /** Everything this user sees, in every workspace and outside. */
  async files(): Promise<StoredFile[]> {
    const files = new Map<string, StoredFile>();
    for (const workspace of [undefined, ...this.workspaces]) {
      for (const file of await this.filesIn(workspace?.id)) files.set(file.id, file);
    }
    return [...files.values()];
  }

  async filesIn(workspaceId?: string): Promise<StoredFile[]> {
    const { files } = await this.get<{ files: StoredFile[] }>(
      `/v1/files?limit=200${workspaceId === undefined ? "" : `&workspaceId=${workspaceId}`}`,
    );
    return files;
  }

  async openSessions(): Promise<OpenSession[]> {
    return (await this.get<{ uploads: OpenSession[] }>("/v1/uploads?state=open")).uploads;
  }

  /** The user's own scope and that of each of their workspaces. */
  async quotas(): Promise<QuotaScope[]> {
    const scopes = new Map<string, QuotaScope>();
    for (const { id } of this.workspaces) {
      const { quotas } = await this.get<{ quotas: QuotaScope[] }>(`/v1/quota?workspaceId=${id}`);
      for (const quota of quotas) scopes.set(`${quota.scope} ${quota.id}`, quota);
    }
    return [...scopes.values()];
  }

  async issueS3Token(): Promise<{ companionEndpoint: string }> {
    return await (await this.#call("POST", "/v1/s3-tokens", {})).json();
  }

  async cancel(sessionId: string): Promise<void> {
    await this.#call("DELETE", `/v1/uploads/${sessionId}`);
  }

  async deleteFile(fileId: string): Promise<void> {
    await this.#call("DELETE", `/v1/files/${fileId}`);
  }

  async get<Answer>(path: string): Promise<Answer> {
    return await (await this.#call("GET", path)).json();
  }

  /** The status alone, for what is to be refused. */
  async status(method: string, path: string): Promise<number> {
    const response = await fetch(this.#url + path, { method, headers: this.#headers() });
    await response.arrayBuffer();
    return response.status;
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    const headers = {
      ...this.#headers(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const response = await fetch(this.#url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }
}
