import type { FileGroup } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import type { StemMark, StemSet } from "./stem-sets.ts";

/** Stems that are uploaded as one: nobody else sees any of them until all are stored. */
export interface StemUnit {
  id: string;
  /** Of the folder, or what their names have in common; `null` where that is nothing. */
  name: string | null;
  /**
   * `uploading`: until all are stored; `short`: some will not come, and a person has to say whether the others do without them;
   * `changing`: what they said is under way; `published`: all are stored, and in a workspace its members see them.
   */
  status: "uploading" | "short" | "changing" | "published";
  /** How many it is made of, and how many of these are stored. */
  size: number;
  stored: number;
  /** Those that will not come: they failed for good, or were taken off the list. */
  lost: readonly { id: string; name: string }[];
  /** What the person said last did not get through: nothing has changed. */
  hasFailed: boolean;
  /** Whether others read what is there: in a workspace. */
  isShared: boolean;
}

export interface UnitMember {
  id: string;
  name: string;
  state: "going" | "stored" | "failed" | "gone";
  /** Of what is stored: whether the companion said that all were there. */
  isOpen: boolean;
}

/** A unit with what only we have to know. */
export interface HeldUnit {
  id: string;
  name: string | null;
  workspaceId: string | undefined;
  members: Map<string, UnitMember>;
  /** What the companion is told; `null` until the first of them begins. */
  group: FileGroup | null;
  isChanging: boolean;
  hasFailed: boolean;
}

export function newUnit(set: Pick<StemSet, "id" | "name">, workspaceId: string | undefined): HeldUnit {
  const { id, name } = set;
  return { id, name, workspaceId, members: new Map(), group: null, isChanging: false, hasFailed: false };
}

export function newMember(id: string, name: string): UnitMember {
  return { id, name, state: "going", isOpen: false };
}

/** What a file's status says of a member. One that was stored stays that. */
export function nextMember(member: UnitMember, status: SpacesUploadStatus | null): UnitMember {
  if (member.state === "stored") return member;
  if (status === null) return member.state === "gone" ? member : { ...member, state: "gone" };
  if (status.status === "done")
    return { ...member, state: "stored", isOpen: status.file.group?.isOpen ?? false };
  const state = status.status === "failed" || status.status === "cancelled" ? "failed" : "going";
  return state === member.state ? member : { ...member, state };
}

/** As it is shown. */
export function viewOf(unit: HeldUnit): StemUnit {
  const members = [...unit.members.values()];
  const lost = members.filter(isLost).map(({ id, name }) => ({ id, name }));
  // Of one that an earlier page began, some may be stored that nobody here has seen.
  const size = Math.max(members.length, unit.group?.size ?? 0);
  const stored = members.filter(({ state }) => state === "stored").length + size - members.length;
  return {
    id: unit.id,
    name: unit.name,
    status: unit.isChanging
      ? "changing"
      : lost.length > 0
        ? "short"
        : isOpen(unit)
          ? "published"
          : "uploading",
    size,
    stored,
    lost,
    hasFailed: unit.hasFailed,
    isShared: unit.workspaceId !== undefined,
  };
}

export function isLost({ state }: UnitMember): boolean {
  return state === "failed" || state === "gone";
}

export function isOpen({ members }: HeldUnit): boolean {
  return [...members.values()].some((member) => member.isOpen);
}

/** All that are still wanted are there, and the companion has not said that this is all: it was told another number by one that came late. */
export function isToBeOpened(unit: HeldUnit): boolean {
  const { members, group, isChanging, hasFailed } = unit;
  const all = [...members.values()];
  const isWhole = group !== null && all.length >= group.size;
  return (
    isWhole && !isChanging && !hasFailed && all.every(({ state }) => state === "stored") && !isOpen(unit)
  );
}

export function markOfUnit({ id, name }: HeldUnit): StemMark {
  return { set: id, name };
}

/** A name that the companion takes: folders may be called as no file may. */
export function groupNameOf(name: string | null): { name?: string } {
  const clean = Array.from(name?.replace(/[\p{Cc}\p{Cs}]/gu, "") ?? "")
    .slice(0, 100)
    .join("")
    .trim();
  return clean === "" ? {} : { name: clean };
}
