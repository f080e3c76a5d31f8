import { Fragment } from "react";
import { BETWEEN_FACTS } from "./join-facts.ts";

/** Facts joined by " · ", each kept on one line: a number and its unit belong together on a phone too. A sentence just wraps. */
export function Detail({ text, className }: { text: string; className: string }) {
  const facts = text.split(BETWEEN_FACTS);
  if (facts.length === 1) return <span className={className}>{text}</span>;
  return (
    <span className={className}>
      {facts.map((fact, index) => (
        // By its place: a number that grows is a text that changes, not another element.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above.
        <Fragment key={index}>
          {index === 0 ? null : <span className="at-between">{BETWEEN_FACTS}</span>}
          <span className="at-fact">{fact}</span>
        </Fragment>
      ))}
    </span>
  );
}
