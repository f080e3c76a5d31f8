export interface Turns {
  /** A turn of the event loop: what arrived meanwhile comes first. Not to be asked for again before it has come. */
  next: () => Promise<void>;
  close: () => void;
}

/** By messages to oneself: unlike timers, they are never made to wait. */
export function openTurns(): Turns {
  const { port1, port2 } = new MessageChannel();
  return {
    next: () =>
      new Promise((resolve) => {
        port1.onmessage = () => resolve();
        port2.postMessage(null);
      }),
    close: () => port1.close(),
  };
}
