import type { UploadStory } from "@audiotricks/protocol/admin";
import type { ReactNode } from "react";
import { type Column, DataTable } from "./data-table.tsx";
import { FactList } from "./fact-list.tsx";
import { CsvButton } from "./figure.tsx";
import { bytes, count, counted, duration, exactInstant, text } from "./formats.ts";
import { PageLink } from "./page-link.tsx";
import { endingOf, type Moment, timelineOf } from "./story-timeline.ts";
import { useAnswer } from "./use-answer.ts";

/** All that is known of one upload, by the id of its session or of its file. */
export function UploadStoryPage({ id }: { id: string }) {
  const { answer, again } = useAnswer<UploadStory>(`uploads/${id}`, NO_QUERY);
  if (answer.status === "loading") return <p role="status">Loading…</p>;
  if (answer.status === "failed")
    return (
      <p className="problem" role="alert">
        {answer.message}{" "}
        <button type="button" className="text-button" onClick={again}>
          Try again
        </button>
      </p>
    );
  const [story] = answer.pages;
  return story === undefined ? null : <Story id={id} story={story} />;
}

const NO_QUERY = {};
const SIDES: Record<Moment["side"], string> = {
  browser: "Browser",
  server: "Server",
  store: "Store",
  person: "Somebody",
  told: "Webhook",
};

const TIMELINE: readonly Column<Moment>[] = [
  { title: "After", isNumber: true, cell: (row) => duration(row.afterMs) },
  { title: "Where", cell: (row) => <span className={`side side-${row.side}`}>{SIDES[row.side]}</span> },
  { title: "What", cell: (row) => (row.isBad ? <strong className="problem">{row.what}</strong> : row.what) },
  { title: "How", cell: (row) => <span className="wide">{text(row.detail)}</span> },
  { title: "Took", isNumber: true, cell: (row) => duration(row.durationMs) },
  { title: "When (UTC)", cell: (row) => exactInstant(row.at) },
];
const PARTS: readonly Column<UploadStory["parts"][number]>[] = [
  { title: "Part", isNumber: true, cell: (row) => count(row.partNumber) },
  { title: "Size", isNumber: true, cell: (row) => bytes(row.size) },
  { title: "State", cell: (row) => row.state },
  { title: "Came (UTC)", cell: (row) => exactInstant(row.uploadedAt) },
  { title: "Retries", isNumber: true, cell: (row) => count(row.retries) },
  { title: "Error", cell: (row) => <span className="wide">{text(row.error)}</span> },
];
const OPERATIONS: readonly Column<UploadStory["operations"][number]>[] = [
  { title: "When (UTC)", cell: (row) => exactInstant(row.at) },
  { title: "What", cell: (row) => text(row.call ?? row.type) },
  { title: "Answer", isNumber: true, cell: (row) => (row.status === null ? "–" : String(row.status)) },
  { title: "Took", isNumber: true, cell: (row) => duration(row.durationMs) },
  { title: "Attempts", isNumber: true, cell: (row) => count(row.attempts) },
  { title: "For", cell: (row) => text(row.cause) },
  { title: "Error", cell: (row) => <span className="wide">{text(row.error)}</span> },
  { title: "Request", cell: (row) => text(row.requestId) },
];
const AUDIT: readonly Column<UploadStory["audit"][number]>[] = [
  { title: "When (UTC)", cell: (row) => exactInstant(row.at) },
  { title: "Who", cell: (row) => text(row.userId ?? row.service ?? row.actor) },
  { title: "What", cell: (row) => row.action },
  { title: "Outcome", cell: (row) => row.outcome },
  { title: "Times", isNumber: true, cell: (row) => count(row.times) },
];
const EVENTS: readonly Column<UploadStory["events"][number]>[] = [
  { title: "When (UTC)", cell: (row) => exactInstant(row.at) },
  { title: "What", cell: (row) => row.type },
  { title: "State", cell: (row) => row.state },
  { title: "Attempts", isNumber: true, cell: (row) => count(row.attempts) },
  { title: "Error", cell: (row) => <span className="wide">{text(row.error)}</span> },
];

function Story({ id, story }: { id: string; story: UploadStory }) {
  const { session, file, parts, client, operations, audit, events } = story;
  const table = (name: string) => ({ id, name });
  return (
    <>
      <section className="figure" aria-label={`What became of ${session.fileName}?`}>
        <h2>What became of {session.fileName}?</h2>
        <p className="summary">{endingOf(story)}</p>
        <FactList
          facts={[
            ["State", session.state],
            ["Error", text(session.errorCode)],
            ["Size", bytes(session.fileSize)],
            ["Method", methodWords(session)],
            ["Begun (UTC)", exactInstant(session.createdAt)],
            ["Ended (UTC)", exactInstant(session.completedAt)],
            ["User", linked("/operator/audit?user=", session.userId)],
            ["Workspace", linked("/operator/workspaces?workspace=", session.workspaceId)],
            ["File", `${file.id} (${file.state})`],
            ["Upload", session.sessionId],
            ["Where", `${file.bucket} (${file.region}): ${file.key}`],
            ["Downloads", count(file.downloads)],
          ]}
        />
      </section>
      <StoryTable
        question="What happened, in order?"
        empty="Nothing."
        rows={timelineOf(story)}
        columns={TIMELINE}
      />
      <section className="figure" aria-label="What does the browser say?">
        <h2>What does the browser say?</h2>
        {client === null ? (
          <p className="note">It said nothing.</p>
        ) : (
          <FactList
            facts={[
              ["When (UTC)", exactInstant(client.at)],
              ["It took", duration(client.durationMs)],
              ["Bytes sent", bytes(client.bytesSent)],
              ...Object.entries(client.report).map(
                ([name, value]) => [words(name), told(name, value)] as const,
              ),
            ]}
          />
        )}
      </section>
      <StoryTable
        question="Which parts came, and when?"
        empty={session.method === "put" ? "It was sent as one." : "No part is known."}
        rows={parts}
        columns={PARTS}
        csv={table("parts")}
      />
      <StoryTable
        question="What did we ask of the store?"
        empty="Nothing."
        rows={operations}
        columns={OPERATIONS}
        csv={table("operations")}
      />
      <StoryTable
        question="Who did what?"
        empty="Nothing is written down."
        rows={audit}
        columns={AUDIT}
        csv={table("audit")}
      />
      <StoryTable
        question="Who was told of it?"
        empty="Nobody."
        rows={events}
        columns={EVENTS}
        csv={table("events")}
      />
    </>
  );
}

interface StoryTableProps<Row> {
  question: string;
  empty: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  csv?: { id: string; name: string };
}

function StoryTable<Row>({ question, empty, rows, columns, csv }: StoryTableProps<Row>) {
  return (
    <section className="figure" aria-label={question}>
      <div className="figure-head">
        <h2>{question}</h2>
        {csv === undefined || rows.length === 0 ? null : (
          <CsvButton
            question={question}
            path={`uploads/${csv.id}`}
            query={{ table: csv.name }}
            name={csv.name}
          />
        )}
      </div>
      {rows.length === 0 ? <p className="note">{empty}</p> : null}
      {rows.length === 0 ? null : <DataTable caption={question} columns={columns} rows={rows} />}
    </section>
  );
}

function methodWords({ method, partCount, partSize }: UploadStory["session"]): string {
  if (method === "put") return "put, as one";
  return `${method}, ${counted(partCount, "part", "parts")} of up to ${bytes(partSize)}`;
}

function linked(path: string, id: string | null): ReactNode {
  return id === null ? "–" : <PageLink to={path + id}>{id}</PageLink>;
}

/** `bytesPerSecond`: bytes per second. */
function words(name: string): string {
  const spaced = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function told(name: string, value: unknown): string {
  if (typeof value === "number") return /bytes/i.test(name) ? bytes(value) : count(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
