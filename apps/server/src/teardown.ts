/** What was opened, to be closed in reverse; each even if another fails. Running it again does nothing. */
export interface Teardown {
  add(close: () => void | Promise<void>): void;
  run: () => Promise<void>;
}

export function createTeardown(): Teardown {
  const steps: (() => void | Promise<void>)[] = [];
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "not everything could be closed");
  }

  return {
    add: (close) => steps.push(close),
    run: async () => {
      running ??= runAll();
      await running;
    },
  };
}
