import type { Uppy } from "@uppy/core";

type State = ReturnType<Uppy["getState"]>;
type Files = State["files"];
type Listener = (before: State, after: State, patch?: Partial<State>) => void;

/** How soon listeners hear of a change of files, in milliseconds. */
const PUBLISH_MS = 50;
/** And so much later for each file there is: to hand out a list of ten thousand costs as much as a frame has. */
const PUBLISH_MS_PER_FILE = 0.02;

/** What Uppy sets for each file that fails, beside the file itself; a list that is told for each would be copied for each. */
const MAY_WAIT: ReadonlySet<string> = new Set(["error", "info"]);

/**
 * Uppy's state, for many files. Uppy copies the list of files for every change to one of them, which makes ten thousand files
 * ten thousand times ten thousand copies, and tells everybody each time. Here the list is copied once for all changes that are
 * told together. Whoever asks always gets the newest state, and what a listener was given never changes.
 */
export class PatientStore {
  /** Its `files` change in place while they are ours alone. */
  #state = {} as State;
  /** What listeners know. */
  #told = this.#state;
  #isOurs = false;
  #wasSeen = false;
  /** What was set and waits to be told with the files. */
  #untold: Partial<State> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<Listener>();

  getState(): State {
    this.#wasSeen = this.#isOurs;
    return this.#state;
  }

  /** As Uppy does it, everybody is told at once; but of a failure together with the files, where some are still to be told. */
  setState(patch?: Partial<State>): void {
    if (this.#isOurs && mayWait(patch)) {
      this.#state = { ...this.#state, ...patch };
      this.#untold = { ...this.#untold, ...patch };
    } else this.#tell(patch);
  }

  #tell(change?: Partial<State>): void {
    const hasUntold = Object.keys(this.#untold).length > 0;
    const patch = hasUntold ? { ...this.#untold, ...change } : change;
    this.#untold = {};
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state: State = { ...this.#state, ...patch };
    const isNews = this.#isOurs && patch?.files === undefined;
    // Somebody saw a list that has changed since: only another one is seen to be another.
    if (isNews && this.#wasSeen) state.files = { ...state.files };
    const before = this.#told;
    this.#state = state;
    this.#told = state;
    this.#isOurs = false;
    this.#wasSeen = false;
    const whole = isNews ? { ...patch, files: state.files } : patch;
    for (const listener of this.#listeners) listener(before, state, whole);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest files, to be looked at now and not to be kept. */
  get files(): Files {
    return this.#state.files;
  }

  /** Listeners hear of it soon, together with what else changes until then. */
  patchFiles(changes: Record<string, Partial<Files[string]>>): void {
    const ids = Object.keys(changes);
    if (ids.length === 0) return;
    if (!this.#isOurs) {
      this.#state = { ...this.#state, files: { ...this.#state.files } };
      this.#isOurs = true;
    }
    const { files } = this.#state;
    // As Uppy types it: a patch of a file is a file again.
    for (const id of ids) files[id] = { ...files[id], ...changes[id] } as Files[string];
    if (this.#timer !== undefined) return;
    const waitMs = PUBLISH_MS + Object.keys(files).length * PUBLISH_MS_PER_FILE;
    this.#timer = setTimeout(() => this.publish(), waitMs);
  }

  /** Tells what has not been told yet. */
  publish(): void {
    if (this.#isOurs) this.#tell({});
  }
}

function mayWait(patch: Partial<State> = {}): boolean {
  const keys = Object.keys(patch);
  return keys.length > 0 && keys.every((key) => MAY_WAIT.has(key));
}
