import {
  changeGroupRequest,
  dropGroupQuery,
  dropGroupResponse,
  groupState,
} from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import type { Guard } from "../access/guard.ts";
import { type CompanionApp, principalOf } from "../companion-env.ts";
import { failures, jsonBody, jsonResponse } from "../openapi-responses.ts";
import { validation } from "../validation.ts";

const groupParams = z.object({ id: z.uuid() });
const ofGroup = validation({ id: "file_not_found" });
const tags = ["groups"];

/** Files that are one thing; how they become that is said where they begin. */
export function addGroupRoutes(app: CompanionApp, storage: Storage, guard: Guard): void {
  app.openapi(
    createRoute({
      method: "patch",
      path: "/v1/groups/{id}",
      summary: "Have a group wait for fewer files, and open it if they are there; safe to repeat",
      tags,
      middleware: [guard("changeGroup")],
      request: { params: groupParams, body: jsonBody(changeGroupRequest) },
      responses: { 200: jsonResponse("The group as it is now", groupState), ...failures("file_not_found") },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await storage.files.changeGroup(principalOf(c), id, c.req.valid("json")), 200);
    },
    ofGroup,
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/v1/groups/{id}",
      summary: "Cancel and delete all files of a group; safe to repeat",
      tags,
      middleware: [guard("dropGroup")],
      request: { params: groupParams, query: dropGroupQuery },
      responses: { 200: jsonResponse("What was ended", dropGroupResponse), ...failures("file_not_found") },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { workspaceId } = c.req.valid("query");
      const { ended, ...told } = await storage.files.dropGroup(principalOf(c), id, workspaceId);
      // Whoever asks what became of one file looks for it by its own id.
      c.set("affected", [{ id, outcome: "done" }, ...ended]);
      return c.json(told, 200);
    },
    ofGroup,
  );
}
