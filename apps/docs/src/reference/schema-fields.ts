import type { Schema } from "./openapi.ts";

/** One field of a body, by its path: `files[].name`. */
export interface Field {
  path: string;
  type: string;
  isRequired: boolean;
  limits: string;
}

/** Every field that a body may have. Of alternatives, all fields: those that only some have are not required. */
export function fieldsOf(schema: Schema, path = "", isRequired = true): Field[] {
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  const isNullable = alternatives.some(({ type }) => type === "null");
  const variants = alternatives.filter(({ type }) => type !== "null");
  if (variants.length > 0) return variantsOf(variants, path, isRequired && !isNullable);
  if (schema.allOf !== undefined) return mergeFields(schema.allOf.map((part) => fieldsOf(part, path)));

  const own = path === "" ? [] : [{ path, type: typeOf(schema), isRequired, limits: limitsOf(schema) }];
  if (isErrorBody(schema)) return own;
  if (schema.items !== undefined) return [...own, ...insideOf(schema.items, `${path}[]`)];
  const required = new Set(schema.required ?? []);
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    fieldsOf(property, path === "" ? name : `${path}.${name}`, required.has(name)),
  );
  return [...own, ...inner];
}

/** What is in a list, without a row that says again that it is one. */
function insideOf(items: Schema, path: string): Field[] {
  return fieldsOf(items, path).filter((field) => field.path !== path);
}

function variantsOf(variants: Schema[], path: string, isRequired: boolean): Field[] {
  const lists = variants.map((variant) => fieldsOf(variant, path, isRequired));
  return mergeFields(
    lists.map((fields) =>
      fields.map((field) => ({
        ...field,
        isRequired:
          field.isRequired && lists.every((others) => others.some(({ path }) => path === field.path)),
      })),
    ),
  );
}

function mergeFields(lists: Field[][]): Field[] {
  const merged = new Map<string, Field>();
  for (const field of lists.flat()) {
    const known = merged.get(field.path);
    if (known === undefined) merged.set(field.path, field);
    else if (!known.type.split(" or ").includes(field.type))
      merged.set(field.path, { ...known, type: `${known.type} or ${field.type}` });
  }
  return [...merged.values()];
}

/** Said once, on a page of its own. */
function isErrorBody({ properties = {} }: Schema): boolean {
  return "code" in properties && "message" in properties && (properties.code?.enum?.length ?? 0) > 20;
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const types = [schema.type ?? "any"].flat();
  const [type = "any"] = types.filter((one) => one !== "null");
  const name = isErrorBody(schema) ? "error" : (FORMATS[schema.format ?? ""] ?? nameOf(type, schema));
  return types.includes("null") ? `${name} or null` : name;
}

const FORMATS: Record<string, string> = { uuid: "UUID", "date-time": "instant" };

function nameOf(type: string, { items, additionalProperties }: Schema): string {
  if (type === "array") return items === undefined ? "list" : `list of ${plural(typeOf(items))}`;
  if (type === "object" && typeof additionalProperties === "object")
    return `object of ${plural(typeOf(additionalProperties))}`;
  return type;
}

function plural(type: string): string {
  return /^[a-z]+$|^UUID$/i.test(type) && type !== "any" ? `${type}s` : type;
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  const limits = [
    range(minimum, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum, ""),
    range(minLength, maxLength, " characters"),
    range(minItems, maxItems, " items"),
    pattern === undefined || schema.format !== undefined ? "" : `\`${pattern.replaceAll("|", "\\|")}\``,
    schema.default === undefined ? "" : `default \`${JSON.stringify(schema.default)}\``,
  ];
  return limits.filter((limit) => limit !== "").join(", ");
}

function range(from: number | undefined, to: number | undefined, unit: string): string {
  if (from === undefined && to === undefined) return "";
  if (from === undefined) return `up to ${to}${unit}`;
  if (to === undefined) return `${from}${unit} or more`;
  return from === to ? `${from}${unit}` : `${from} to ${to}${unit}`;
}
