/** A defect put in on purpose: the simulation is worth what it finds. */
export interface Mutant {
  name: string;
  /** What is wrong with it, as in the specification that it comes from. */
  what: string;
  /** Run after the migrations. */
  sql?: string;
  /** Changes to our own source, as it is loaded. */
  edits?: readonly Edit[];
}

export interface Edit {
  /** The end of the file's path. */
  file: string;
  from: string;
  to: string;
}
