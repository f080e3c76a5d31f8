import Uppy, { type Meta, type UppyOptions } from "@uppy/core";
import { PatientStore } from "./patient-store.ts";

type File = ReturnType<Uppy["getFile"]>;
type Changes = Parameters<Uppy["patchFilesState"]>[0];
type FilesToAdd = Parameters<Uppy["addFiles"]>[0];

/** As many messages are shown at once; each is copied with all others, and Uppy has one for every file that fails. */
const MAX_MESSAGES = 10;

/** An Uppy whose files can be thousands: see `PatientStore`. */
export class PatientUppy extends Uppy {
  readonly #store: PatientStore;
  #intake: ((files: FilesToAdd) => void) | null = null;

  constructor(options: Pick<UppyOptions<Meta, Record<string, never>>, "id" | "onBeforeFileAdded">) {
    const store = new PatientStore();
    super({ ...options, store });
    this.#store = store;
  }

  /** All files by their ids, to be looked at now and not to be kept. */
  get files(): PatientStore["files"] {
    return this.#store.files;
  }

  override getFile(id: string): File {
    return this.#store.files[id] as File;
  }

  override patchFilesState(changes: Changes): void {
    this.#store.patchFiles(changes);
  }

  override setFileState(id: string, change: Changes[string]): void {
    if (this.#store.files[id] === undefined)
      throw new Error(`Can’t set state for ${id} (the file could have been removed)`);
    this.#store.patchFiles({ [id]: change });
  }

  /** Of thousands of failures, the first few. */
  override info(...message: Parameters<Uppy["info"]>): void {
    if (this.getState().info.length < MAX_MESSAGES) super.info(...message);
  }

  /** Whoever adds files, they go this way. */
  setIntake(intake: (files: FilesToAdd) => void): void {
    this.#intake = intake;
  }

  /** Few at once; the rest a moment later. */
  override addFiles(files: FilesToAdd): void {
    if (this.#intake === null) super.addFiles(files);
    else this.#intake(files);
  }

  /** As Uppy does it. */
  addFilesAtOnce(files: FilesToAdd): void {
    super.addFiles(files);
  }

  /** Tells listeners now what they would hear soon. */
  publish(): void {
    this.#store.publish();
  }
}
