/** What the machine itself has, before the simulation takes its place. To be imported before anything is replaced. */
export const RealDate = Date;
export const realSetImmediate = setImmediate;
export const realNow = performance.now.bind(performance);
