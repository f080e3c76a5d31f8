import { type RefObject, useEffect, useRef } from "react";

/** A ref to the newest value, for callbacks that outlive the render that made them. */
export function useLatest<T>(value: T): RefObject<T> {
  const ref = useRef(value);
  useEffect(() => {
    ref.current = value;
  });
  return ref;
}
