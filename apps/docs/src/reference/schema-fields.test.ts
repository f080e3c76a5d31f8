import { describe, expect, it } from "vitest";
import { fieldsOf } from "./schema-fields.ts";

describe("fieldsOf", () => {
  it("names each field by its path, through lists and objects", () => {
    const fields = fieldsOf({
      type: "object",
      required: ["files"],
      properties: {
        files: {
          type: "array",
          maxItems: 100,
          items: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        },
      },
    });
    expect(fields).toEqual([
      { path: "files", type: "list of objects", isRequired: true, limits: "up to 100 items" },
      { path: "files[].name", type: "string", isRequired: true, limits: "" },
    ]);
  });

  it("requires of alternatives only what each of them has", () => {
    const variant = (name: string) => ({
      type: "object",
      required: ["id", name],
      properties: { id: { type: "string", format: "uuid" }, [name]: { type: "integer", minimum: 0 } },
    });
    expect(fieldsOf({ anyOf: [variant("done"), variant("left")] })).toEqual([
      { path: "id", type: "UUID", isRequired: true, limits: "" },
      { path: "done", type: "integer", isRequired: false, limits: "0 or more" },
      { path: "left", type: "integer", isRequired: false, limits: "0 or more" },
    ]);
  });

  it("says what a string may be, and that it may be null", () => {
    const properties = {
      state: { type: "string", enum: ["open", "closed"], default: "open" },
      until: { type: ["string", "null"], format: "date-time" },
      hash: { type: "string", pattern: "^a|b$" },
    };
    expect(fieldsOf({ type: "object", properties }).map(({ type, limits }) => [type, limits])).toEqual([
      ['"open" or "closed"', 'default `"open"`'],
      ["instant or null", ""],
      ["string", "`^a\\|b$`"],
    ]);
  });
});
