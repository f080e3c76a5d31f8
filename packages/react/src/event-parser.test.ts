import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventParser } from "./event-parser.ts";

const TEXT = [
  ":\n\n",
  "event: quota\ndata: one\n\n",
  "retry: 5\r\nid: 7\r\nevent:quota\r\ndata:two\r\n\r\n",
  "data: a: b\rdata:\rdata:  c\r\r",
  ": a comment\nunknown\nunknown: x\n\n",
  "event: nothing\n\n",
  "data\n\n",
].join("");
const EVENTS = [
  { name: "quota", data: "one" },
  { name: "quota", data: "two" },
  { name: "message", data: "a: b\n\n c" },
  { name: "message", data: "" },
];

describe("the event parser", () => {
  it("finds the same events however the text is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 30 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
        const pieces = places.slice(1).map((end, index) => TEXT.slice(places[index], end));
        const parse = createEventParser();
        expect(pieces.flatMap((piece) => parse(piece))).toEqual(EVENTS);
      }),
    );
    const parse = createEventParser();
    expect(TEXT.split("").flatMap((letter) => parse(letter))).toEqual(EVENTS);
  });

  it("keeps nothing of an event that never ends", () => {
    const line = `data: ${"x".repeat(1000)}`;
    const parse = createEventParser();
    expect(() => {
      for (let times = 0; times < 200; times++) parse(line);
    }).toThrow(RangeError);
    const other = createEventParser();
    expect(() => {
      for (let times = 0; times < 200; times++) other(`${line}\n`);
    }).toThrow(RangeError);
    const good = createEventParser();
    for (let times = 0; times < 200; times++) expect(good(`${line}\n\n`)).toHaveLength(1);
  });
});
