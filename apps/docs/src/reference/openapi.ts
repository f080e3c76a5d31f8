import { createCompanion } from "@audiotricks/companion";
import type { Storage } from "@audiotricks/storage";

/** The part of OpenAPI 3.1 that the companion's document uses. */
export interface OpenApi {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
}

export interface Operation {
  summary: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

type Content = Record<string, { schema: Schema }>;

export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
}

/** The document exactly as a companion answers it. No storage is asked for that. */
export async function readOpenApi(): Promise<OpenApi> {
  const companion = createCompanion({
    storage: {} as Storage,
    authenticate: async () => null,
    allowedOrigins: [],
    rateLimits: false,
    onUnexpectedError: (error) => {
      throw error;
    },
  });
  const response = await companion.fetch(new Request("http://localhost/openapi.json"));
  if (!response.ok) throw new Error(`The companion answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as OpenApi;
}
