import { parser } from "@prometheus-io/lezer-promql";

/** A metric that an expression asks for, and the labels by which it chooses among its series. */
export interface Selector {
  name: string;
  labels: string[];
}

/**
 * What an expression asks for.
 *
 * @throws {Error} Where Prometheus' own grammar does not take it.
 */
export function selectorsIn(expression: string): Selector[] {
  // Grafana's own word for a span of time.
  const text = expression.replaceAll("$__rate_interval", "5m");
  const selectors: Selector[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      const word = text.slice(from, to);
      if (type.name === "Identifier" && node.parent?.name === "VectorSelector")
        selectors.push({ name: word, labels: [] });
      if (type.name === "LabelName" && node.parent?.name === "UnquotedLabelMatcher")
        selectors.at(-1)?.labels.push(word);
    },
  });
  return selectors;
}
