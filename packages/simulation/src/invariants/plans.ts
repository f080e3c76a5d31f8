import { type Invariant, OPEN } from "./truth.ts";

const MAX_PART_COUNT = 10_000;
const MIN_PART_SIZE = 5 * 1024 * 1024;
const MAX_PUT_SIZE = 5_000_000_000;

/** What the store could never take is not begun. */
export const plans: Invariant = ({ now }) =>
  now.sessions
    .filter(({ status }) => OPEN.includes(status ?? ""))
    .flatMap(({ id, method, size, parts, part_size: partSize }) => {
      const isOne = method === "put";
      const fits =
        size > 0 &&
        partSize <= MAX_PUT_SIZE &&
        parts <= MAX_PART_COUNT &&
        (isOne
          ? parts === 1 && partSize === size
          : partSize >= MIN_PART_SIZE && parts === Math.ceil(size / partSize));
      return fits ? [] : [`12: session ${id} is to send ${size} bytes in ${parts} parts of ${partSize}`];
    });
