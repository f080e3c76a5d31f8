/** Bytes that are read in one call. */
export interface Block {
  index: number;
  offset: number;
  length: number;
}

/** No more than one call for a small file, and none for so much that it is long under way. */
export const BLOCK_LENGTH = 4 * 1024 * 1024;
/** Calls at once, and bytes asked for, beyond what is given out. */
const MOST_CALLS = 16;
const MOST_BYTES = 32 * 1024 * 1024;

/** The blocks of files, one after another. */
export function* blocksOf(files: Iterable<{ index: number; offset: number; end: number }>): Generator<Block> {
  for (const { index, offset, end } of files) {
    for (let at = offset; at < end; at += BLOCK_LENGTH)
      yield { index, offset: at, length: Math.min(BLOCK_LENGTH, end - at) };
  }
}

/** Reads blocks before they are asked for, and gives them out in order. */
export function readAhead<Result>(
  blocks: Iterator<Block>,
  read: (block: Block) => Promise<Result>,
): () => Promise<{ block: Block; result: Result } | undefined> {
  const ahead: { block: Block; result: Promise<Result> }[] = [];
  let bytes = 0;

  function fill(): void {
    while (ahead.length < MOST_CALLS && bytes < MOST_BYTES) {
      const next = blocks.next();
      if (next.done === true) return;
      const block = next.value;
      bytes += block.length;
      const result = read(block);
      // Heard when its turn comes, if it does.
      result.catch(() => undefined);
      ahead.push({ block, result });
    }
  }

  return async () => {
    fill();
    const first = ahead.shift();
    if (first === undefined) return undefined;
    const { block } = first;
    const result = await first.result;
    bytes -= block.length;
    fill();
    return { block, result };
  };
}
