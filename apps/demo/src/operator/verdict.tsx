import { CHECKS, type Finding, type Level } from "./checks.ts";
import { count } from "./formats.ts";
import { LevelMark } from "./level-mark.tsx";
import { PageLink } from "./page-link.tsx";
import { type Looked, useChecks } from "./use-checks.ts";

interface Titled extends Finding {
  title: string;
}

/** Whether all is well, and what to do where it is not: before anything else. */
export function Verdict() {
  const { looked, at, again } = useChecks();
  const found = foundIn(looked);
  const toDo = [...found.filter(isLevel("act")), ...found.filter(isLevel("look"))];
  const fine = found.filter(isLevel("fine"));
  const waiting = looked.filter(({ status }) => status === "looking").length;
  const failed = looked.filter(({ status }) => status === "failed").length;
  const level = toDo[0]?.level ?? "fine";
  return (
    <section
      className={`verdict ${waiting > 0 && level === "fine" ? "" : `verdict-${level}`}`}
      aria-labelledby="verdict"
      aria-busy={waiting > 0}
    >
      <div className="figure-head">
        <h2 id="verdict" aria-live="polite">
          {waiting > 0 && level === "fine" ? "Looking at everything…" : headlineOf(found, failed)}
        </h2>
        <button type="button" className="button" onClick={again}>
          Look again
        </button>
      </div>
      {toDo.length === 0 ? null : (
        <ul className="findings">
          {toDo.map((finding) => (
            <li key={finding.title + finding.text} className={`finding finding-${finding.level}`}>
              <LevelMark level={finding.level} />
              <div>
                <p className="finding-text">{finding.text}</p>
                <p className="note">
                  {finding.todo} {finding.command === undefined ? null : <code>{finding.command}</code>}{" "}
                  {finding.to === undefined ? null : (
                    <PageLink to={finding.to}>See {finding.title.toLowerCase()}</PageLink>
                  )}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
      {fine.length === 0 ? null : (
        <ul className="fine" aria-label="What is fine">
          {fine.map(({ title, text, to }) => (
            <li key={title + text}>
              <LevelMark level="fine" />
              <span>
                {to === undefined ? title : <PageLink to={to}>{title}</PageLink>}
                <span className="note"> {text}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <p className="note">
        {at === null
          ? "Each minute anew while you look."
          : `Looked at ${timeOf(at)}; each minute anew while you look.`}
      </p>
    </section>
  );
}

/** A server that answers nothing is told of once. */
function foundIn(looked: readonly Looked[]): Titled[] {
  const [first] = looked;
  if (first?.status === "failed" && looked.every(({ status }) => status === "failed"))
    return [{ title: "Everything", level: "act", text: first.message }];
  return looked.flatMap((one, index) => titled(one, CHECKS[index]?.title ?? ""));
}

function titled(one: Looked, title: string): Titled[] {
  if (one.status === "looking") return [];
  if (one.status === "failed")
    return [{ title, level: "act", text: `${title} could not be looked at: ${one.message}` }];
  return one.findings.map((finding) => ({ ...finding, title }));
}

function isLevel(level: Level) {
  return (finding: Finding) => finding.level === level;
}

function headlineOf(found: readonly Finding[], failed: number): string {
  const act = found.filter(isLevel("act")).length;
  const look = found.filter(isLevel("look")).length;
  if (failed === CHECKS.length) return "Nothing could be looked at";
  if (act > 0 && act === failed) return "Not everything could be looked at";
  if (act > 0) return act === 1 ? "One thing needs you now" : `${count(act)} things need you now`;
  if (look > 0) return `Nothing is broken; ${look === 1 ? "one thing" : `${count(look)} things`} to decide`;
  return "Everything is fine";
}

function timeOf(at: Date): string {
  return at.toLocaleTimeString("en-GB");
}
