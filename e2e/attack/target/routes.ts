import { ask } from "./ask.ts";

export interface DocumentedRoute {
  /** As the document has it, such as `GET /v1/files/{id}`. */
  route: string;
  method: string;
  path: string;
}

/** Of the OpenAPI document that the server gives to anyone. */
export async function documentedRoutes(): Promise<DocumentedRoute[]> {
  const { paths } = (await ask(undefined, "GET", "/openapi.json")).json<{ paths: Record<string, object> }>();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((name) => {
      const method = name.toUpperCase();
      return { route: `${method} ${path}`, method, path };
    }),
  );
}
