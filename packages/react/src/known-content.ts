import type {
  FileMatch,
  GroupMark,
  MatchFilesRequest,
  MatchFilesResponse,
} from "@audiotricks/protocol/messages";
import type { FindSameContent } from "@audiotricks/uppy-spaces";
import { errorBodyOf } from "./error-body.ts";
import { groupRuns } from "./group-runs.ts";

/** How long files are gathered before it is asked for them: a thousand are added in slices, in milliseconds. */
const GATHER_MS = 20;
/** Most sizes of one question, as the companion has it. */
const MOST_SIZES = 1_000;
/** How long a file that could begin waits for the companion's answer, in milliseconds. */
const PATIENCE_MS = 1_000;
/** Files that are compared at once. */
const COMPARED_AT_ONCE = 4;

/** A file of the list whose content is stored already: nothing of it is sent until somebody says so. */
export interface AlreadyStored {
  /** Of the item. */
  id: string;
  name: string;
  /** The stored file. */
  stored: { id: string; name: string; createdAt: string; group?: GroupMark };
}

/** A file that may begin, as it is handed on. */
interface Held {
  id: string;
  workspaceId: string | undefined;
}

interface Entry<Item extends Held> {
  item: Item;
  /** `found`: a person has to say what becomes of it. */
  state: "asking" | "comparing" | "free" | "found";
  /** Nothing else keeps it back. */
  isReady: boolean;
  abort: AbortController;
}

/** Stands before the engine: asks for each file whether its content is stored already, before a byte of it is sent. */
export interface KnownContent<Item extends Held> {
  /** Files were added. */
  ask: (items: readonly Item[]) => void;
  /** As far as others are concerned these may begin. */
  pass: (items: readonly Item[]) => void;
  /** The same array until there are others. */
  found: () => readonly AlreadyStored[];
  /** Those of them that are to be sent all the same. */
  release: (ids: readonly string[]) => void;
  /** It is no longer in the list. */
  remove: (id: string) => void;
  close: () => void;
}

export function createKnownContent<Item extends Held>(options: {
  isWanted: () => boolean;
  /** Of the list, with its bytes where they are on this device. */
  file: (id: string) => { name: string; blob: Blob | null } | undefined;
  match: (request: MatchFilesRequest, signal: AbortSignal) => Promise<MatchFilesResponse>;
  find: FindSameContent;
  start: (items: readonly Item[]) => void;
  onChange: () => void;
}): KnownContent<Item> {
  const { isWanted, file, match, find, start, onChange } = options;
  const entries = new Map<string, Entry<Item>>();
  const closing = new AbortController();
  let gathered: Entry<Item>[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let found: readonly AlreadyStored[] = [];
  let isKnownThere = true;
  const toCompare: { entry: Entry<Item>; stored: readonly FileMatch[] }[] = [];
  let comparing = 0;

  const settle = (list: readonly Entry<Item>[]) => {
    const going = list.filter(
      ({ state, isReady, item }) => state === "free" && isReady && entries.has(item.id),
    );
    for (const { item } of going) entries.delete(item.id);
    if (going.length > 0) start(going.map(({ item }) => item));
  };
  const free = (list: readonly Entry<Item>[]) => {
    for (const entry of list) entry.state = "free";
    settle(list);
  };

  const askFor = async (workspaceId: string | undefined, list: readonly Entry<Item>[]) => {
    const sizeOf = ({ item }: Entry<Item>) => file(item.id)?.blob?.size ?? 0;
    const sizes = [...new Set(list.map(sizeOf))].filter((size) => size > 0);
    let stored: FileMatch[] = [];
    try {
      for (let index = 0; index < sizes.length; index += MOST_SIZES) {
        const some = sizes.slice(index, index + MOST_SIZES);
        const request = workspaceId === undefined ? { sizes: some } : { sizes: some, workspaceId };
        stored = [...stored, ...(await match(request, closing.signal)).files];
      }
    } catch (error) {
      // It takes uploads all the same, or says itself why not. One of an earlier release knows of no such question.
      if (errorBodyOf(error).code === "route_not_found") isKnownThere = false;
    }
    const bySize = Map.groupBy(stored, ({ size }) => size);
    const asked = list.filter(({ state }) => state === "asking");
    for (const entry of asked) {
      const same = bySize.get(sizeOf(entry));
      if (same === undefined) continue;
      entry.state = "comparing";
      toCompare.push({ entry, stored: same });
    }
    free(asked.filter(({ state }) => state === "asking"));
    compare();
  };

  const compare = () => {
    while (comparing < COMPARED_AT_ONCE) {
      const next = toCompare.shift();
      if (next === undefined) return;
      comparing += 1;
      void compareOne(next).finally(() => {
        comparing -= 1;
        compare();
      });
    }
  };

  const compareOne = async ({ entry, stored }: (typeof toCompare)[number]) => {
    const each = file(entry.item.id);
    let same: FileMatch | null = null;
    try {
      if (each?.blob) same = await find(each.blob, stored, entry.abort.signal);
    } catch {
      // Whoever sends the file says that it can no longer be read.
    }
    if (entries.get(entry.item.id) !== entry || closing.signal.aborted) return;
    if (same === null || each === undefined) return free([entry]);
    entry.state = "found";
    const { fileId, name, createdAt, group } = same;
    const known = { id: fileId, name, createdAt, ...(group && { group }) };
    found = [...found, { id: entry.item.id, name: each.name, stored: known }];
    onChange();
  };

  const forget = (ids: ReadonlySet<string>) => {
    const left = found.filter(({ id }) => !ids.has(id));
    if (left.length === found.length) return;
    found = left;
    onChange();
  };

  return {
    ask: (items) => {
      if (!isWanted() || !isKnownThere) return;
      for (const item of items) {
        const entry: Entry<Item> = { item, state: "asking", isReady: false, abort: new AbortController() };
        entries.set(item.id, entry);
        gathered.push(entry);
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        const list = gathered;
        gathered = [];
        for (const [workspaceId, some] of groupRuns(list, ({ item }) => item.workspaceId))
          void askFor(workspaceId, some);
      }, GATHER_MS);
    },
    pass: (items) => {
      const known = items.flatMap(({ id }) => entries.get(id) ?? []);
      for (const entry of known) entry.isReady = true;
      settle(known);
      const knownIds = new Set(known.map(({ item }) => item.id));
      const unknown = items.filter(({ id }) => !knownIds.has(id));
      if (unknown.length > 0) start(unknown);
      const waiting = known.filter(({ state }) => state === "asking");
      if (waiting.length > 0)
        setTimeout(() => free(waiting.filter(({ state }) => state === "asking")), PATIENCE_MS);
    },
    found: () => found,
    release: (ids) => {
      const list = ids.flatMap((id) => entries.get(id) ?? []).filter(({ state }) => state === "found");
      forget(new Set(ids));
      free(list);
    },
    remove: (id) => {
      entries.get(id)?.abort.abort();
      entries.delete(id);
      forget(new Set([id]));
    },
    close: () => {
      clearTimeout(timer);
      closing.abort();
      for (const { abort } of entries.values()) abort.abort();
      entries.clear();
    },
  };
}
