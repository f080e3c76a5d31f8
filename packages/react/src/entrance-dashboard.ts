import type { Body, Meta, Uppy } from "@uppy/core";
import Dashboard from "@uppy/dashboard";

type State<M extends Meta, B extends Body> = ReturnType<Uppy<M, B>["getState"]>;

/** What changes while files move, and what a Dashboard without its file list does not show. */
const UNSEEN: ReadonlySet<string> = new Set(["files", "totalProgress", "currentUploads", "error", "info"]);

/** Uppy's Dashboard as the way in: draws itself when there is something else to see, not for every byte that moves. */
export class EntranceDashboard<M extends Meta, B extends Body> extends Dashboard<M, B> {
  #drawn: State<M, B> | undefined;
  /** Uppy's options are no part of its state: which files the picker offers, for one. */
  #drawnOptions: object | undefined;

  override update(state: State<M, B>): void {
    const before = this.#drawn;
    const isSameUppy = this.#drawnOptions === this.uppy.opts;
    this.#drawn = state;
    this.#drawnOptions = this.uppy.opts;
    if (before !== undefined && isSameUppy && this.#isAlone() && isSameView(before, state)) return;
    super.update(state);
  }

  /** Panels and indicators of other plugins show whatever they like. */
  #isAlone(): boolean {
    const { activePickerPanel, fileCardFor, targets } = this.getPluginState();
    const isOpen = Boolean(activePickerPanel) || Boolean(fileCardFor);
    return !isOpen && targets.every(({ type }) => type !== "progressindicator");
  }
}

function isSameView(before: object, after: object): boolean {
  const old = new Map(Object.entries(before));
  return Object.entries(after).every(([key, value]) => UNSEEN.has(key) || old.get(key) === value);
}
