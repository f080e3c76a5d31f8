/**
 * Tells quota meters and file lists of this page that something changed at a companion, so that they need not be wired to
 * the widget, wherever in the tree they are.
 */
const listeners = new Map<string, Set<() => void>>();

/** @param companionUrl Only listeners of the same companion are called. */
export function signalChange(companionUrl: string): void {
  for (const listener of listeners.get(companionUrl) ?? []) listener();
}

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
