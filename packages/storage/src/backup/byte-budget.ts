/** Bytes in memory, of all that is copied at once. */
export interface ByteBudget {
  /** Works when so many are free, in order; more than all of them count as all. */
  use<Result>(bytes: number, work: () => Promise<Result>): Promise<Result>;
}

export function createByteBudget(total: number): ByteBudget {
  let free = total;
  const queue: { bytes: number; go: () => void }[] = [];

  function pump(): void {
    for (let first = queue[0]; first !== undefined && first.bytes <= free; first = queue[0]) {
      queue.shift();
      free -= first.bytes;
      first.go();
    }
  }

  return {
    use: async (wanted, work) => {
      const bytes = Math.min(wanted, total);
      await new Promise<void>((go) => {
        queue.push({ bytes, go });
        pump();
      });
      try {
        return await work();
      } finally {
        free += bytes;
        pump();
      }
    },
  };
}
