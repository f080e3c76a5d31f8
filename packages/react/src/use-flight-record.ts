import type { FlightRecord } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { useEffect, useState } from "react";
import { newerRecord } from "./newer-record.ts";

/** How often a record that is shown is read again, in milliseconds. */
const READ_EVERY_MS = 500;

/** What one file's upload did and waited for, kept up to date while it is used; `null` where nothing is known of it. */
export function useFlightRecord(uppy: Uppy | null, fileId: string): FlightRecord | null {
  const [record, setRecord] = useState<FlightRecord | null>(null);
  useEffect(() => {
    let isUsed = true;
    const read = async () => {
      const next = (await uppy?.getPlugin("UppySpaces")?.flightRecord(fileId)) ?? null;
      if (!isUsed) return;
      setRecord((shown) => newerRecord(shown, next));
    };
    // Another file's says nothing of this one.
    setRecord(null);
    void read();
    const timer = setInterval(() => void read(), READ_EVERY_MS);
    return () => {
      isUsed = false;
      clearInterval(timer);
    };
  }, [uppy, fileId]);
  return record;
}
