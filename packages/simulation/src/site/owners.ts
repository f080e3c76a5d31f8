/** Users and workspaces that come and go; those with a browser stay. */
export class Owners {
  readonly guests: string[] = [];
  readonly workspaces: string[] = [];
  /** Whom the host has begun to delete. Until it is through nobody knows whether they are gone. */
  readonly asked = new Set<string>();
  #last = 0;

  /** Ids by count, so that they do not depend on who else was given one. */
  nextId(): string {
    return `00000000-0000-4000-8000-${(0xa00 + ++this.#last).toString(16).padStart(12, "0")}`;
  }
}
