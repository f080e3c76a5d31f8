import { type FlightRecord, flightToJson, summarizeFlight } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import { useContext, useId, useState } from "react";
import {
  describeCause,
  describeEvent,
  describePhase,
  describeSlowness,
  formatMs,
} from "./describe-flight.ts";
import { Detail } from "./detail.tsx";
import { formatBytes, formatRate } from "./format-bytes.ts";
import { joinFacts } from "./join-facts.ts";
import { useFlightRecord } from "./use-flight-record.ts";
import { WordsContext } from "./use-words.ts";

/** Lines of the timeline that are shown; the export has all of them. */
const MOST_LINES = 300;

/** One file's history: what held it up, where the time went, and what happened in which order. */
export function FlightView({ uppy, fileId, name }: { uppy: Uppy; fileId: string; name: string }) {
  const record = useFlightRecord(uppy, fileId);
  const headingId = useId();
  const words = useContext(WordsContext);
  const { say } = words;
  if (record === null) return null;
  const { phases, slowBecause, retries, bytesPerSecond, bytesSentTwice } = summarizeFlight(record);
  return (
    <li className="at-flight" aria-labelledby={headingId}>
      <h3 className="at-flight-name" id={headingId}>
        <bdi>{name}</bdi>
      </h3>
      <p className="at-note">{describeSlowness(slowBecause, words)}</p>
      <div className="at-flight-bar" aria-hidden="true">
        {phases.map(({ phase, share }) => (
          <span key={phase} data-phase={phase} style={{ flexGrow: share }} />
        ))}
      </div>
      <ul className="at-flight-phases" aria-label={say("whereTimeWent", { name })}>
        {phases.map(({ phase, ms, share }) => (
          <li key={phase} data-phase={phase}>
            {say("phaseShare", {
              phase: describePhase(phase, words),
              time: formatMs(ms, words),
              percent: Math.round(share * 100),
            })}
          </li>
        ))}
      </ul>
      <p>
        <Detail
          className="at-note"
          text={joinFacts([
            say("onAverage", { rate: formatRate(bytesPerSecond, words) }),
            say("sentTwice", { size: formatBytes(bytesSentTwice, words) }),
          ])}
        />
      </p>
      {retries.map(({ cause, count }) => (
        <p key={cause} className="at-note">
          {say("causeCount", { cause: describeCause(cause, words), count })}
        </p>
      ))}
      <Timeline record={record} name={name} />
      <button
        type="button"
        className="at-button"
        aria-label={say("exportJsonOf", { name })}
        onClick={() => save(record)}
      >
        {say("exportJson")}
      </button>
    </li>
  );
}

function Timeline({ record, name }: { record: FlightRecord; name: string }) {
  const [isOpen, setOpen] = useState(false);
  const words = useContext(WordsContext);
  const { say } = words;
  const left = record.droppedEvents + Math.max(0, record.events.length - MOST_LINES);
  const shown = isOpen ? record.events.slice(-MOST_LINES) : [];
  return (
    <details className="at-flight-timeline" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("timeline")}</summary>
      {isOpen ? (
        // A box that scrolls has to be reached by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
        <ol tabIndex={0} aria-label={say("timelineOf", { name })}>
          {left > 0 ? <li>{say("earlier", { count: left })}</li> : null}
          {shown.map((event, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity but their place.
            <li key={left + index}>{describeEvent(event, words)}</li>
          ))}
        </ol>
      ) : null}
    </details>
  );
}

function save(record: FlightRecord): void {
  const json = new Blob([flightToJson(record, navigator.userAgent)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(json);
  link.download = "upload-details.json";
  link.click();
  // The download has its own hold on the blob by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
