import { type ReactNode, useId, useState } from "react";
import { type Query, useAdmin, wordsOf } from "./ask-admin.ts";
import { type Column, DataTable } from "./data-table.tsx";
import { saveCsv } from "./save-csv.ts";
import { useAnswer } from "./use-answer.ts";

interface FigureProps<Answer extends object, Row> {
  /** What an operator asks; the heading. */
  question: string;
  /** Under `/v1/admin/`. */
  path: string;
  query: Query;
  rows: (answer: Answer) => readonly Row[];
  columns: readonly Column<Row>[];
  /** The answer in words. */
  summary?: (answer: Answer) => ReactNode;
  /** The picture of the rows; without one there is only the table. */
  chart?: (rows: readonly Row[]) => ReactNode;
  /** What can be done about a row; `again` asks anew. */
  action?: { title: string; cell: (row: Row, again: () => void) => ReactNode };
  /** Where the answer is nothing. */
  empty: string;
  /** What a file of it is asked for with, where that is not the query. */
  csv?: { name?: string; query?: Query };
  note?: string;
}

/** A question, its answer in words, as a chart and as a table, and the answer as a file. */
export function Figure<Answer extends object, Row>(props: FigureProps<Answer, Row>) {
  const { question, path, query, rows: rowsOf, columns, summary, chart, action, empty, note } = props;
  const { answer, again, more } = useAnswer<Answer>(path, query);
  const [showsTable, setShowsTable] = useState(false);
  const headingId = useId();
  const pages = answer.status === "ready" ? answer.pages : [];
  const [first] = pages;
  const rows = pages.flatMap(rowsOf);
  const all =
    action === undefined
      ? columns
      : [{ title: action.title, cell: (row: Row) => action.cell(row, again) }, ...columns];
  return (
    <section className="figure" aria-labelledby={headingId} aria-busy={answer.status === "loading"}>
      <div className="figure-head">
        <h2 id={headingId}>{question}</h2>
        <div className="figure-tools">
          {chart !== undefined && rows.length > 0 ? (
            <button
              type="button"
              className="button"
              aria-label={`Table: ${question}`}
              aria-pressed={showsTable}
              onClick={() => setShowsTable(!showsTable)}
            >
              Table
            </button>
          ) : null}
          <CsvButton question={question} path={path} name={path} query={query} {...props.csv} />
        </div>
      </div>
      {summary !== undefined && first !== undefined && rows.length > 0 ? (
        <p className="summary">{summary(first)}</p>
      ) : null}
      {note === undefined ? null : <p className="note">{note}</p>}
      {answer.status === "loading" ? (
        <p role="status" className={chart === undefined ? "waiting" : "waiting waiting-chart"}>
          Loading…
        </p>
      ) : null}
      {answer.status === "failed" ? (
        <p className="problem" role="alert">
          {answer.message}{" "}
          <button type="button" className="text-button" onClick={again}>
            Try again
          </button>
        </p>
      ) : null}
      {answer.status === "ready" && rows.length === 0 ? <p className="note">{empty}</p> : null}
      {rows.length === 0 ? null : chart === undefined || showsTable ? (
        <DataTable caption={question} columns={all} rows={rows} />
      ) : (
        chart(rows)
      )}
      {answer.status === "ready" && answer.problem !== null ? (
        <p className="problem" role="alert">
          {answer.problem}
        </p>
      ) : null}
      {more !== null && answer.status === "ready" ? (
        <button type="button" className="button" disabled={answer.isLoadingMore} onClick={more}>
          {answer.isLoadingMore ? "Loading…" : "Show more"}
        </button>
      ) : null}
    </section>
  );
}

interface CsvButtonProps {
  question: string;
  path: string;
  query: Query;
  name: string;
}

export function CsvButton({ question, path, query, name }: CsvButtonProps) {
  const { ask } = useAdmin();
  const [state, setState] = useState<{ isSaving: boolean; problem: string | null }>({
    isSaving: false,
    problem: null,
  });
  const save = () => {
    setState({ isSaving: true, problem: null });
    saveCsv(ask, path, query, name).then(
      () => setState({ isSaving: false, problem: null }),
      (error: unknown) => setState({ isSaving: false, problem: wordsOf(error) }),
    );
  };
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label={`CSV: ${question}`}
        aria-disabled={state.isSaving}
        onClick={() => (state.isSaving ? undefined : save())}
      >
        CSV
      </button>
      {state.problem === null ? null : (
        <p className="problem" role="alert">
          {state.problem}
        </p>
      )}
    </>
  );
}
