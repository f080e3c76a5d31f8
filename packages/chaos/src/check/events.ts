import type { Evidence } from "../open-site.ts";
import { COUNTED } from "../watch-counters.ts";

interface EventRow {
  id: string;
  type: string;
  key: string;
  sequence: string;
  status: string;
}

/** Each change has its event, each event arrived, and those of one file for the first time in their order. */
export async function checkEvents({ pool, ledger, receiver }: Evidence): Promise<void> {
  const { rows } = await pool.query<EventRow>(
    "SELECT id, event_type AS type, ordering_key AS key, sequence, status FROM outbox_events ORDER BY sequence",
  );
  const arrivals = new Map<string, number>();
  for (const [index, { id }] of receiver.received.entries()) if (!arrivals.has(id)) arrivals.set(id, index);
  const last = new Map<string, number>();
  const types = new Map<string, string[]>();
  for (const { id, type, key, sequence, status } of rows) {
    const arrival = arrivals.get(id);
    types.set(key, [...(types.get(key) ?? []), type]);
    if (status !== "delivered") ledger.wrong(`event ${sequence} (${type}) of ${key} is ${status}`);
    if (arrival === undefined) ledger.wrong(`event ${sequence} (${type}) of ${key} never arrived`);
    else if (arrival < (last.get(key) ?? -1))
      ledger.wrong(`event ${sequence} (${type}) of ${key} arrived too early`);
    else last.set(key, arrival);
  }
  const { rows: files } = await pool.query<{ id: string; status: string }>(
    "SELECT id, status FROM file_storage",
  );
  for (const { id, status } of files) {
    const told = (types.get(`file:${id}`) ?? []).join(" ");
    const expected = COUNTED.includes(status)
      ? "file.stored"
      : { deleted: "file.stored file.deleted", failed: "upload.failed" }[status];
    if (told !== expected)
      ledger.wrong(`file ${id} is ${status}, and what was told of it: ${told || "nothing"}`);
  }
  ledger.count("events", rows.length);
  ledger.count("event deliveries", receiver.received.length);
}
