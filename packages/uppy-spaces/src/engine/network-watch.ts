/** `woken`: the page came back from sleep or from behind others. */
export type NetworkChange = "online" | "offline" | "woken";

/** What the browser believes about the network. Only a hint: it is wrong on some machines, so nothing is held back by it. */
export interface NetworkWatch {
  isOnline: () => boolean;
  /** Calls back when the belief changes, and when the page comes back from sleep; the returned function ends that. */
  subscribe: (onChange: (change: NetworkChange) => void) => () => void;
}
