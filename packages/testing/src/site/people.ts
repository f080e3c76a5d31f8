import { randomUUID } from "node:crypto";
import type { Authenticate } from "@audiotricks/companion";
import { type Database, setQuota } from "@audiotricks/storage";
import { Hono } from "hono";
import type { Kysely } from "kysely";
import { seedUser, seedWorkspace } from "../seed.ts";
import { Account } from "../truth/account.ts";

interface Person {
  id: string;
  name: string;
  login: string;
  token: string;
}

/** Of a user or a workspace: bytes and files that it may hold; `null` for no limit, what is not named stays as it is. */
export interface Quota {
  maxBytes?: number | null;
  maxFiles?: number | null;
}

/** Who may sign in at a local site, and what belongs to them. Everybody of one test is new. */
export class People {
  /** `POST /token` with `{"user": login}`, as the demo asks it. */
  readonly routes: Hono;
  readonly #db: Kysely<Database>;
  readonly #url: () => string;
  readonly #byLogin = new Map<string, Person>();
  readonly #workspaces: { id: string; name: string; members: string[] }[] = [];

  /** @param url Where the companion answers, past all lanes. */
  constructor(db: Kysely<Database>, url: () => string) {
    this.#db = db;
    this.#url = url;
    this.routes = new Hono().post("/token", async (c) => {
      const { user } = await c.req.json<{ user: unknown }>();
      const person = this.#byLogin.get(String(user));
      return person === undefined
        ? c.json({ error: { code: "unknown_user", message: "Nobody of this test is called so." } }, 403)
        : c.json({
            token: person.token,
            expiresIn: 3600,
            user: person,
            workspaces: this.#workspacesOf(person),
          });
    });
  }

  readonly authenticate: Authenticate = async (request) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    const person = [...this.#byLogin.values()].find((one) => one.token === token);
    return person === undefined ? null : { userId: person.id };
  };

  /** Adds a user with a workspace of their own, and signs in as them. @param login What `UploadsPage.signIn` calls them. */
  async addUser(login: string, quota: Quota = {}): Promise<Account> {
    const name = `${login.slice(0, 1).toUpperCase()}${login.slice(1)}`;
    const id = await seedUser(this.#db, { name });
    this.#byLogin.set(login, { id, name, login, token: randomUUID() });
    await setQuota(this.#db, { scope: "user", id }, quota);
    await this.addWorkspace(`${name}'s workspace`, [login]);
    return await this.account(login);
  }

  /** Adds a workspace with these members, by login. @returns Its id. */
  async addWorkspace(name: string, members: string[], quota: Quota = {}): Promise<string> {
    const roles = Object.fromEntries(members.map((login) => [this.#get(login).id, "member" as const]));
    const id = await seedWorkspace(this.#db, { name, members: roles });
    this.#workspaces.push({ id, name, members });
    await setQuota(this.#db, { scope: "workspace", id }, quota);
    return id;
  }

  /** Changes what a user may hold from now on. */
  async setQuota(login: string, quota: Quota): Promise<void> {
    await setQuota(this.#db, { scope: "user", id: this.#get(login).id }, quota);
  }

  /** The same for a workspace, by its name. */
  async setWorkspaceQuota(name: string, quota: Quota): Promise<void> {
    const workspace = this.#workspaces.find((one) => one.name === name);
    if (workspace === undefined) throw new Error(`No workspace is called ${name}: add it first.`);
    await setQuota(this.#db, { scope: "workspace", id: workspace.id }, quota);
  }

  /** Signed in anew: it knows the workspaces that there are by now. */
  async account(login: string): Promise<Account> {
    return await Account.signIn(this.#url(), login);
  }

  async accounts(): Promise<Account[]> {
    return await Promise.all([...this.#byLogin.keys()].map((login) => this.account(login)));
  }

  /** Nobody can sign in any more. */
  forget(): void {
    this.#byLogin.clear();
    this.#workspaces.length = 0;
  }

  #get(login: string): Person {
    const person = this.#byLogin.get(login);
    if (person === undefined) throw new Error(`Nobody is called ${login}: add them first.`);
    return person;
  }

  #workspacesOf({ login }: Person): { id: string; name: string }[] {
    return this.#workspaces
      .filter(({ members }) => members.includes(login))
      .map(({ id, name }) => ({ id, name }));
  }
}
