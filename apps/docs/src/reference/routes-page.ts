import { generatedNote, toTable } from "../markdown.ts";
import type { OpenApi, Operation, Schema } from "./openapi.ts";
import { type Field, fieldsOf } from "./schema-fields.ts";

const GROUPS: Record<string, string> = {
  uploads: "Uploads",
  files: "Files",
  shares: "Share links",
  limits: "Limits and usage",
  audit: "Audit",
  "stock Uppy": "For an unmodified @uppy/aws-s3",
};

/** Every route, by what it is about. */
export function routesPage({ info, paths }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  const tags = [...new Set(operations.map(({ operation }) => tagOf(operation)))];
  const groups = tags.map((tag) => {
    const ofTag = operations.filter(({ operation }) => tagOf(operation) === tag);
    return [`## ${GROUPS[tag] ?? tag}`, ...ofTag.map(({ route, operation }) => describe(route, operation))];
  });
  return `${[
    generatedNote("the companion's OpenAPI document"),
    "# HTTP routes",
    info.description,
    "The same as a document: `GET /openapi.json`. Beside these there are `GET /healthz` and `GET /readyz`, which need no sign-in. Who may call what is in [rights](../access.md), what each code means in [errors](errors.md).",
    ...groups.flat(),
  ].join("\n\n")}\n`;
}

function tagOf({ tags = [] }: Operation): string {
  return tags[0] ?? "others";
}

function describe(route: string, { summary, parameters = [], requestBody, responses }: Operation): string {
  const rows = parameters.map(({ name, in: where, required, schema }) => {
    const [field] = fieldsOf(schema, name, required === true);
    return [`\`${name}\``, where, field?.type ?? "string", field?.limits ?? "", required ? "yes" : ""];
  });
  const answers = Object.entries(responses);
  return [
    `### \`${route}\``,
    `${summary}.`,
    rows.length === 0 ? "" : toTable(["parameter", "in", "type", "limits", "required"], rows),
    bodyTable("Body", jsonOf(requestBody?.content)),
    ...answers
      .filter(([status]) => Number(status) < 400)
      .map(([status, answer]) => describeAnswer(status, answer)),
    refusals(answers),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function describeAnswer(status: string, { description, content }: Operation["responses"][string]): string {
  const schema = jsonOf(content);
  const fields = schema === undefined ? [] : answerFields(schema);
  const title = `**${status}** ${description}.`;
  return fields.length === 0 ? title : `${title}\n\n${table(fields, "always")}`;
}

/** Of a list, what is in it. */
function answerFields(schema: Schema): Field[] {
  return schema.items === undefined ? fieldsOf(schema) : fieldsOf(schema.items, "").map(inList);
}

function inList(field: Field): Field {
  return { ...field, path: `[].${field.path}` };
}

function refusals(answers: [string, { description: string }][]): string {
  const refused = answers.filter(([status]) => Number(status) >= 400);
  if (refused.length === 0) return "";
  return `**Errors** ${refused.map(([status, { description }]) => `${status} ${description}`).join(" · ")}`;
}

function bodyTable(title: string, schema: Schema | undefined): string {
  const fields = schema === undefined ? [] : fieldsOf(schema);
  return fields.length === 0 ? "" : `**${title}**\n\n${table(fields, "required")}`;
}

function table(fields: readonly Field[], whether: string): string {
  return toTable(
    ["field", "type", "limits", whether],
    fields.map(({ path, type, limits, isRequired }) => [
      `\`${path}\``,
      type,
      limits,
      isRequired ? "yes" : "",
    ]),
  );
}

function jsonOf(content: Operation["responses"][string]["content"]): Schema | undefined {
  return content?.["application/json"]?.schema;
}
