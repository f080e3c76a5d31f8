import type { FileRecord } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, uploadThrough } from "./real-companion.ts";

const WHO = ["owner", "viewer", "member", "admin", "unheard-of"] as const;
type Who = (typeof WHO)[number];
const LEVELS = ["private", "workspace", "public"] as const;

/** Of a file as it is. */
interface Sort {
  contentType?: "backup";
  status?: "processing" | "quarantined" | "archived";
  scan?: "held";
}

const SORTS: Record<string, Sort> = {
  "a stored file": {},
  "one that is processed": { status: "processing" },
  "one in quarantine": { status: "quarantined" },
  "one in the archive": { status: "archived" },
  "one that is held for a scan": { scan: "held" },
  "a backup": { contentType: "backup" },
};

describe.each(["PostgreSQL", "PGlite"] as const)("what a file says that its reader may on %s", (engine) => {
  let companion: RealCompanion;
  let workspace: string;
  const people = {} as Record<Who, string>;
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
    const { db } = companion;
    for (const who of WHO) people[who] = await seedUser(db, { name: who });
    const { owner, viewer, member, admin } = people;
    workspace = await seedWorkspace(db, {
      members: { [owner]: "member", [viewer]: "viewer", [member]: "member", [admin]: "admin" },
    });
    // Hosts have roles of their own.
    await sql`ALTER TABLE workspace_members DROP CONSTRAINT workspace_members_role_check`.execute(db);
    await sql`INSERT INTO workspace_members VALUES (${workspace}, ${people["unheard-of"]}, 'producer')`.execute(
      db,
    );
  });
  afterAll(async () => {
    expect(companion.unexpected).toEqual([]);
    await companion[Symbol.asyncDispose]();
  });

  const make = async (sort: Sort, workspaceId?: string): Promise<string> => {
    const { db } = companion;
    const { fileId } = await uploadThrough(companion, people.owner, {
      bytes: wavBytes(5_000),
      ...(workspaceId === undefined ? {} : { workspaceId }),
    });
    const { status = "stored", scan = "none", contentType = "audio_file" } = sort;
    await sql`
      UPDATE file_storage SET status = ${status}, scan_state = ${scan}, content_type = ${contentType},
        access_level = ${workspaceId === undefined || contentType === "backup" ? "private" : "workspace"}
      WHERE id = ${fileId}`.execute(db);
    return fileId;
  };
  const read = async (who: Who, fileId: string) => {
    const answer = await companion.call(people[who], "GET", `/v1/files/${fileId}`);
    return answer.status === 200 ? ((await answer.json()) as FileRecord) : null;
  };
  const succeeds = async (who: Who, method: string, path: string, json?: unknown) =>
    (await companion.call(people[who], method, path, json)).ok;

  it.each(Object.entries(SORTS))("is what happens to who asks for it: %s", async (_, sort) => {
    for (const where of ["workspace", "nowhere"] as const) {
      for (const who of where === "workspace" ? WHO : (["owner"] as const)) {
        const fileId = await make(sort, where === "workspace" ? workspace : undefined);
        const file = await read(who, fileId);
        // What they do not see says nothing.
        if (file === null) continue;
        const path = `/v1/files/${fileId}`;
        const levels = [];
        for (const accessLevel of LEVELS) {
          if (await succeeds(who, "PATCH", path, { accessLevel })) levels.push(accessLevel);
        }
        // Until it is over for everyone else.
        await sql`UPDATE file_storage SET access_level = ${file.accessLevel} WHERE id = ${fileId}`.execute(
          companion.db,
        );
        const found = {
          levels,
          rename: await succeeds(who, "PATCH", path, { name: "b.wav" }),
          share: await succeeds(who, "POST", `${path}/shares`, {}),
          delete: await succeeds(who, "DELETE", path),
        };
        expect(found, `${who}, ${where}`).toEqual(file.may);
      }
    }
  });

  it("is said in lists, and of what was changed, as of one file", async () => {
    const fileId = await make({}, workspace);
    for (const who of WHO) {
      const one = await read(who, fileId);
      const answer = await companion.call(people[who], "GET", `/v1/files?workspaceId=${workspace}`);
      const { files } = (await answer.json()) as { files: FileRecord[] };
      expect(files.find(({ id }) => id === fileId)?.may).toEqual(one?.may);
    }
    const changed = await companion.call(people.owner, "PATCH", `/v1/files/${fileId}`, {
      accessLevel: "public",
    });
    expect(((await changed.json()) as FileRecord).may).toEqual({
      rename: true,
      delete: true,
      share: true,
      levels: ["private", "workspace", "public"],
    });
  });

  it("is taken back with the role, before anybody is refused", async () => {
    const { db } = companion;
    const fileId = await make({}, workspace);
    expect((await read("owner", fileId))?.may?.delete).toBe(true);
    await sql`UPDATE workspace_members SET role = 'viewer' WHERE user_id = ${people.owner}`.execute(db);
    const file = await read("owner", fileId);
    await sql`UPDATE workspace_members SET role = 'member' WHERE user_id = ${people.owner}`.execute(db);
    expect(file?.may).toEqual({ rename: false, delete: false, share: false, levels: [] });
  });
});
