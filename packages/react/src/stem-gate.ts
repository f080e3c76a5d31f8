import type { FileGroup, GroupMark } from "@audiotricks/protocol/messages";
import type { CompanionClient, SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import { errorBodyOf } from "./error-body.ts";
import type { StemMark, StemSet, StemState } from "./stem-sets.ts";
import {
  groupNameOf,
  type HeldUnit,
  isLost,
  isOpen,
  isToBeOpened,
  markOfUnit,
  newMember,
  newUnit,
  nextMember,
  type StemUnit,
  viewOf,
} from "./stem-units.ts";

/** How long a file waits for those that were dropped with it to be looked into, in milliseconds. */
const PATIENCE_MS = 5_000;
/** How long stems wait for the companion to say whether some of them are under way already, in milliseconds. */
const ASK_MS = 1_500;
/** What could not be ended, because somebody was at it, is ended again after so many milliseconds. */
const END_AGAIN_MS = [500, 2_000];

interface Held {
  id: string;
  workspaceId: string | undefined;
}

/** Stands before the engine: stems wait here until a person has said whether they are one, and begin together. */
export interface StemGate<Item extends Held> {
  /** As far as others are concerned these may begin. */
  pass: (items: readonly Item[]) => void;
  /** Something is other than it was: of the sets, or of the files. */
  look: () => void;
  /** Whether it waits here, and not for its turn. */
  isHeld: (id: string) => boolean;
  of: (id: string) => StemMark | null;
  /** The same array until there are others. */
  units: () => readonly StemUnit[];
  /** These stems are one. */
  together: (set: string) => void;
  /** A file that comes with the group that an earlier page gave it. */
  adopt: (id: string, name: string, group: FileGroup, workspaceId: string | undefined) => void;
  /** It is no longer in the list. `stored`: the group of the file that has its content already. */
  remove: (id: string, last: SpacesUploadStatus, stored: GroupMark | null) => void;
  publish: (unit: string) => void;
  drop: (unit: string) => void;
  dismiss: (unit: string) => void;
  close: () => void;
}

export function createStemGate<Item extends Held>(options: {
  /** Whether stems are offered as one. */
  isWanted: () => boolean;
  sets: {
    stateOf: (id: string) => StemState;
    beLate: (ids: readonly string[]) => void;
    take: (set: string) => StemSet | undefined;
  };
  client: Pick<CompanionClient, "listUploads" | "changeGroup" | "dropGroup">;
  /** Of the list; `null` for what is not there. */
  status: (id: string) => SpacesUploadStatus | null;
  file: (id: string) => { name: string; size: number } | undefined;
  /** What the companion is told of the file when it begins. */
  setGroup: (id: string, group: FileGroup | null) => void;
  start: (items: readonly Item[]) => void;
  /** Takes files off the list. */
  removeFiles: (ids: readonly string[]) => void;
  /** Units are others. */
  onChange: () => void;
  /** What is stored is other than it was. */
  onStored: () => void;
}): StemGate<Item> {
  const { isWanted, sets, client, status, file, setGroup, start, removeFiles, onChange, onStored } = options;
  const held = new Map<string, Item>();
  const units = new Map<string, HeldUnit>();
  const marks = new Map<string, StemMark>();
  /** Groups in which something is stored that a person did not want to send again. */
  const found = new Map<string, GroupMark>();
  const closing = new AbortController();
  let views: readonly StemUnit[] = [];
  let shown = "[]";

  const show = () => {
    const next = Array.from(units.values(), viewOf);
    const text = JSON.stringify(next);
    if (text === shown) return;
    shown = text;
    views = next;
    onChange();
  };

  const unitOf = (id: string) => units.get(marks.get(id)?.set ?? "");

  const letGo = (ids: readonly string[]) => {
    const items = ids.flatMap((id) => held.get(id) ?? []);
    for (const { id } of items) held.delete(id);
    if (items.length > 0) start(items);
  };

  const look = () => {
    if (closing.signal.aborted) return;
    letGo([...held.keys()].filter((id) => unitOf(id) === undefined && sets.stateOf(id) === "free"));
    for (const unit of units.values()) {
      for (const member of unit.members.values())
        unit.members.set(member.id, nextMember(member, status(member.id)));
      if (unit.group === null) beginTogether(unit);
      else letGo([...unit.members.keys()]);
      if (isOver(unit)) dismiss(unit.id);
      else if (isToBeOpened(unit)) void settle(unit, () => tell(unit));
    }
    show();
  };

  /** Nothing of it is left to be told: nothing was stored of it, or it is published and a person has cleared its rows away. */
  const isOver = (unit: HeldUnit) => {
    const { stored, lost } = viewOf(unit);
    if (unit.isChanging || unit.hasFailed) return false;
    if (stored === 0 && lost.length === unit.members.size) return true;
    return isOpen(unit) && [...unit.members.keys()].every((id) => status(id) === null);
  };

  /** Once nothing else keeps any of them back. */
  const beginTogether = (unit: HeldUnit) => {
    const going = [...unit.members.values()].filter(({ state }) => state !== "gone");
    if (unit.isChanging || going.some(({ id, state }) => state === "going" && !held.has(id))) return;
    unit.members = new Map(going.map((member) => [member.id, member]));
    unit.isChanging = true;
    void findBegun(unit).then((begun) => {
      if (closing.signal.aborted) return;
      unit.members = new Map([...unit.members].filter(([, { state }]) => state !== "gone"));
      if (unit.members.size < 2 && begun === null) {
        dismiss(unit.id);
        return look();
      }
      const group = begun ?? { id: crypto.randomUUID(), size: unit.members.size, ...groupNameOf(unit.name) };
      unit.isChanging = false;
      unit.group = group;
      for (const id of unit.members.keys()) setGroup(id, group);
      look();
    });
  };

  /** The group that these were begun in before: on another page, in another tab, on another device. */
  const findBegun = async (unit: HeldUnit): Promise<FileGroup | null> => {
    const names = new Set([...unit.members.keys()].map((id) => keyOf(file(id) ?? { name: "", size: 0 })));
    const fits = (mark: GroupMark | undefined) =>
      mark !== undefined &&
      !mark.isOpen &&
      mark.size >= unit.members.size &&
      mark.name === groupNameOf(unit.name).name;
    const skipped = found.get(unit.id);
    const known = skipped !== undefined && fits(skipped) ? groupOf(skipped) : null;
    try {
      const { uploads } = await client.listUploads({
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(ASK_MS)]),
      });
      const here = uploads.filter((each) => (each.workspaceId ?? undefined) === unit.workspaceId);
      const byGroup = Map.groupBy(here, ({ group }) => group?.id);
      const begun = [...byGroup.values()].find(
        (some) => fits(some[0]?.group) && some.every((each) => names.has(keyOf(each))),
      )?.[0]?.group;
      return begun === undefined ? known : groupOf(begun);
    } catch {
      return known;
    }
  };

  /** Says how many there are now. Of those that have not begun the companion knows nothing yet. */
  const tell = async ({ group, members, workspaceId }: HeldUnit) => {
    if (group === null) return;
    const there = [...members.values()].filter((member) => !isLost(member));
    for (const { id, state } of there) if (state === "going") setGroup(id, group.size < 2 ? null : group);
    try {
      const where = workspaceId === undefined ? {} : { workspaceId };
      const state = await client.changeGroup(group.id, { ...where, size: group.size });
      if (state.isOpen) for (const member of there) members.set(member.id, { ...member, isOpen: true });
    } catch (error) {
      if (errorBodyOf(error).code !== "file_not_found" || there.some(({ state }) => state === "stored"))
        throw error;
    }
  };

  const settle = async (unit: HeldUnit, change: () => Promise<void>) => {
    unit.isChanging = true;
    unit.hasFailed = false;
    show();
    try {
      await change();
    } catch {
      unit.hasFailed = true;
    }
    unit.isChanging = false;
    if (closing.signal.aborted) return;
    onStored();
    look();
  };

  const publish = (unit: HeldUnit) => {
    const all = [...unit.members.values()];
    const [lost, there] = [all.filter(isLost), all.filter((member) => !isLost(member))];
    if (unit.isChanging || lost.length === 0) return;
    const size = Math.max(1, (unit.group?.size ?? all.length) - lost.length);
    void settle(unit, async () => {
      const group = unit.group === null ? null : { ...unit.group, size };
      const members = new Map(there.map((member) => [member.id, member]));
      await tell({ ...unit, group, members });
      unit.group = group;
      unit.members = members;
      for (const { id } of lost) {
        marks.delete(id);
        setGroup(id, null);
      }
      if (there.length === 0) units.delete(unit.id);
    });
  };

  const drop = (unit: HeldUnit) => {
    const { group, workspaceId } = unit;
    if (unit.isChanging) return;
    void settle(unit, async () => {
      removeFiles([...unit.members.keys()]);
      if (group !== null) await end(group.id, workspaceId);
      dismiss(unit.id);
    });
  };

  const end = async (id: string, workspaceId: string | undefined) => {
    for (const waitMs of [...END_AGAIN_MS, null]) {
      const { left } = await client.dropGroup(id, { workspaceId });
      if (left === 0) return;
      if (waitMs === null) throw new Error("Not all of the group could be ended.");
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };

  const dismiss = (id: string) => {
    const unit = units.get(id);
    if (unit === undefined) return;
    units.delete(id);
    for (const member of unit.members.keys()) marks.delete(member);
  };

  return {
    pass: (items) => {
      if (!isWanted() && units.size === 0) return start(items);
      for (const item of items) held.set(item.id, item);
      const open = items.filter(({ id }) => sets.stateOf(id) === "open");
      if (open.length > 0)
        setTimeout(() => {
          sets.beLate(open.flatMap(({ id }) => (held.has(id) && sets.stateOf(id) === "open" ? [id] : [])));
          look();
        }, PATIENCE_MS);
      look();
    },
    look,
    isHeld: (id) => held.has(id),
    of: (id) => marks.get(id) ?? null,
    units: () => views,
    together: (id) => {
      const set = sets.take(id);
      if (set === undefined) return;
      const [first] = set.members;
      const unit = newUnit(set, held.get(first ?? "")?.workspaceId);
      for (const member of set.members) {
        const { name } = file(member) ?? { name: "" };
        unit.members.set(member, newMember(member, name));
        marks.set(member, markOfUnit(unit));
      }
      units.set(unit.id, unit);
      look();
    },
    adopt: (id, name, group, workspaceId) => {
      const unit = units.get(group.id) ?? newUnit({ id: group.id, name: group.name ?? null }, workspaceId);
      unit.group = group;
      unit.members.set(id, newMember(id, name));
      units.set(unit.id, unit);
      marks.set(id, markOfUnit(unit));
    },
    remove: (id, last, stored) => {
      const unit = unitOf(id);
      held.delete(id);
      const member = unit?.members.get(id);
      if (unit === undefined || member === undefined) return;
      unit.members.set(id, nextMember(nextMember(member, last.status === "done" ? last : null), null));
      if (stored !== null && !stored.isOpen && unit.group === null) found.set(unit.id, stored);
    },
    publish: (id) => {
      const unit = units.get(id);
      if (unit !== undefined) publish(unit);
    },
    drop: (id) => {
      const unit = units.get(id);
      if (unit !== undefined) drop(unit);
    },
    dismiss: (id) => {
      dismiss(id);
      show();
    },
    close: () => {
      closing.abort();
      held.clear();
    },
  };
}

function keyOf({ name, size }: { name: string; size: number }): string {
  return JSON.stringify([name, size]);
}

function groupOf({ isOpen: _isOpen, ...group }: GroupMark): FileGroup {
  return group;
}
