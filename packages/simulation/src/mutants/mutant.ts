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

/** SQL that changes one of our functions as it stands; one that has nothing of the kind ends the run. */
export function inFunction(name: string, from: string, to: string): string {
  return `DO $do$ DECLARE source text := pg_get_functiondef('${name}'::regproc); BEGIN
    IF position($from$${from}$from$ IN source) = 0 THEN RAISE EXCEPTION '${name} has changed'; END IF;
    EXECUTE replace(source, $from$${from}$from$, $to$${to}$to$);
  END $do$`;
}

export interface Edit {
  /** The end of the file's path. */
  file: string;
  from: string;
  to: string;
}
