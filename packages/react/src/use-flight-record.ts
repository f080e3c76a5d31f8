import type { FlightRecord } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { useEffect, useState } from "react";
import { newerRecord } from "./newer-record.ts";

/** How often a record that is shown is read again, in milliseconds. */
const READ_EVERY_MS = 500;

/** A record and whose it is. */
interface Reading {
  uppy: Uppy | null;
  fileId: string;
  record: FlightRecord | null;
}

/** What one file's upload did and waited for, kept up to date while it is used; `null` where nothing is known of it. */
export function useFlightRecord(uppy: Uppy | null, fileId: string): FlightRecord | null {
  const [read, setRead] = useState<Reading | null>(null);
  useEffect(() => {
    let isUsed = true;
    const readOnce = async () => {
      const next = (await uppy?.getPlugin("UppySpaces")?.flightRecord(fileId)) ?? null;
      if (!isUsed) return;
      setRead((before) => {
        const record = newerRecord(recordOf(before, uppy, fileId), next);
        return before?.record === record && isOf(before, uppy, fileId) ? before : { uppy, fileId, record };
      });
    };
    void readOnce();
    const timer = setInterval(() => void readOnce(), READ_EVERY_MS);
    return () => {
      isUsed = false;
      clearInterval(timer);
    };
  }, [uppy, fileId]);
  return recordOf(read, uppy, fileId);
}

/** Another file's says nothing of this one. */
function recordOf(read: Reading | null, uppy: Uppy | null, fileId: string): FlightRecord | null {
  return isOf(read, uppy, fileId) ? read.record : null;
}

function isOf(read: Reading | null, uppy: Uppy | null, fileId: string): read is Reading {
  return read !== null && read.uppy === uppy && read.fileId === fileId;
}
