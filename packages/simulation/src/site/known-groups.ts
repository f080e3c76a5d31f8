import type { Principal } from "@audiotricks/storage";

/** What is known of files that are to be published together, outside the database. */
export interface KnownGroup {
  id: string;
  me: Principal;
  workspaceId: string | undefined;
  /** The least number that its owner has announced or asked to wait for. */
  waitsFor: number;
  /** Its owner wants nothing of it any more. */
  isDropped: boolean;
}

export class KnownGroups {
  readonly byId = new Map<string, KnownGroup>();
  /** Files that were in an answer to somebody who is neither their owner nor an admin. */
  readonly shown = new Set<string>();
  readonly wrongs: string[] = [];

  isDropped({ group }: { group: { id: string } | null }): boolean {
    return group !== null && this.byId.get(group.id)?.isDropped === true;
  }
}
