/** Server-sent events on their way to one reader. */
export interface EventStream {
  body: ReadableStream<Uint8Array>;
  /** Takes the place of what the reader has not taken yet: however slow it is, one event of each name waits for it and no more. */
  send: (event: string, data: string) => void;
  /** Safe to repeat, and after the reader went away. */
  end: () => void;
}

export interface EventStreamOptions {
  /** Proxies and browsers give up what is silent for long. */
  heartbeatMs: number;
  /** Called once, however it ends. */
  onEnd: () => void;
  /** Drops the connection of a reader that takes nothing: what is closed in good order waits for it. */
  cutOff: () => void;
}

/** Heartbeats in a row that find what was sent before them untaken, until a reader counts as gone. */
const MOST_UNTAKEN = 4;
const HEARTBEAT = ":\n\n";

export function openEventStream({ heartbeatMs, onEnd, cutOff }: EventStreamOptions): EventStream {
  const { readable: body, controller, onPull, onCancel } = openReadable();
  const encoder = new TextEncoder();
  /** By its name. */
  const waiting = new Map<string, string>();
  let untaken = 0;
  let hasEnded = false;

  const mayWrite = () => (controller.desiredSize ?? 0) > 0;
  const write = (text: string) => controller.enqueue(encoder.encode(text));
  const release = () => {
    hasEnded = true;
    waiting.clear();
    clearInterval(beat);
    onEnd();
  };
  const end = () => {
    if (hasEnded) return;
    const isStuck = !mayWrite();
    release();
    controller.close();
    if (isStuck) cutOff();
  };
  const beat = setInterval(() => {
    if (mayWrite()) {
      untaken = 0;
      write(HEARTBEAT);
      return;
    }
    untaken += 1;
    if (untaken >= MOST_UNTAKEN) end();
  }, heartbeatMs);
  // Nobody waits for a stream to let a process end.
  beat.unref?.();

  onPull(() => {
    for (const [event, text] of waiting) {
      waiting.delete(event);
      return write(text);
    }
  });
  onCancel(() => {
    if (!hasEnded) release();
  });

  return {
    body,
    send: (event, data) => {
      if (hasEnded) return;
      const text = `event: ${event}\ndata: ${data}\n\n`;
      if (mayWrite()) write(text);
      else waiting.set(event, text);
    },
    end,
  };
}

/** With its controller at hand: what is written comes from elsewhere. */
function openReadable() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let pull = () => {};
  let cancel = () => {};
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => pull(),
      cancel: () => cancel(),
    },
    { highWaterMark: 1 },
  );
  if (controller === undefined) throw new Error("a stream starts when it is made");
  return {
    readable,
    controller,
    onPull: (action: () => void) => {
      pull = action;
    },
    onCancel: (action: () => void) => {
      cancel = action;
    },
  };
}
