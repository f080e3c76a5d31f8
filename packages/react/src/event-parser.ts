export interface ServerEvent {
  name: string;
  data: string;
}

/** Characters of one event; what is longer is none of ours. */
const MOST_LENGTH = 100_000;

/**
 * Reads server-sent events out of text, however it is cut into pieces. Ids and times to reconnect are not used, and left out.
 *
 * @returns The events that end in each piece. Throws `RangeError` for one that does not end.
 */
export function createEventParser(): (piece: string) => ServerEvent[] {
  let rest = "";
  let name = "";
  let data: string[] = [];
  let length = 0;

  const take = (line: string): ServerEvent[] => {
    if (line === "") {
      const event = { name: name === "" ? "message" : name, data: data.join("\n") };
      const isEvent = data.length > 0;
      name = "";
      data = [];
      length = 0;
      return isEvent ? [event] : [];
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    length += line.length;
    if (field === "event") name = value;
    if (field === "data") data.push(value);
    return [];
  };

  return (piece) => {
    rest += piece;
    // A return at the end may be half of a line's end.
    const end = Math.max(rest.lastIndexOf("\n"), rest.lastIndexOf("\r", rest.length - 2));
    const lines =
      end === -1
        ? []
        : rest
            .slice(0, end + 1)
            .split(/\r\n|\n|\r/)
            .slice(0, -1);
    rest = rest.slice(end + 1);
    const events = lines.flatMap(take);
    if (rest.length + length > MOST_LENGTH) throw new RangeError("an event is too long");
    return events;
  };
}
