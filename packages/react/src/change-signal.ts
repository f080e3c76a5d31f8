/**
 * Tells quota meters and file lists of this page that something changed at a companion, so that they need not be wired to
 * the widget, wherever in the tree they are.
 */
const listeners = new Map<string, Set<() => void>>();

/** @param companionUrl Only listeners of the same companion are called. */
export function signalChange(companionUrl: string): void {
  for (const listener of listeners.get(companionUrl) ?? []) listener();
}

/** Nothing but how far files are has changed, and perhaps not by this page: only what shows files is to be read for it. */
export const signalFiles = (companionUrl: string): void => signalChange(filesOf(companionUrl));

/** @returns Ends the subscription. */
export const onFiles = (companionUrl: string, listener: () => void): (() => void) =>
  onChange(filesOf(companionUrl), listener);

/** No companion has such a URL. */
const filesOf = (companionUrl: string) => `files ${companionUrl}`;

/** @returns Ends the subscription. */
export function onChange(companionUrl: string, listener: () => void): () => void {
  const group = listeners.get(companionUrl) ?? new Set();
  listeners.set(companionUrl, group);
  group.add(listener);
  return () => {
    group.delete(listener);
    if (group.size === 0 && listeners.get(companionUrl) === group) listeners.delete(companionUrl);
  };
}
