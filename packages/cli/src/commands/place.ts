import { type Home, listPlaces, type PlaceSummary, setHome, setStandsIn } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Words } from "../command.ts";
import { readId } from "../read-words.ts";
import { textTable } from "../text-table.ts";

export const placeList: Command = {
  name: "place list",
  synopsis: "",
  summary: "Where uploads go: the buckets, whether they answer, and how many workspaces are at home in each.",
  options: {},
  run: async ({ db }) => {
    const places = await listPlaces(db);
    const rows = places.map((place) => [
      place.providerId,
      place.region,
      place.bucket,
      roleOf(place),
      place.health === "down" ? `down: ${place.cause ?? ""}` : place.health,
      place.latencyMs === null ? "" : `${place.latencyMs} ms`,
      String(place.workspaces),
    ]);
    return {
      json: { places },
      text: textTable(["ID", "REGION", "BUCKET", "TAKES", "HEALTH", "ANSWERS IN", "WORKSPACES"], rows),
    };
  },
};

function roleOf({ isActive, isPrimary, standsIn }: PlaceSummary): string {
  if (!isActive) return "nothing";
  if (isPrimary) return "all others";
  return standsIn ? "its homes, and stands in" : "its homes";
}

export const placeStandIn: Command = {
  name: "place stand-in",
  synopsis: "ID [--not]",
  summary:
    "New uploads go there too: of people who are near it, and while the bucket that they would go to does not answer. --not ends that.",
  options: { not: { type: "boolean" } },
  takesId: true,
  changes: (words) => ({ action: "setStandsIn", resourceId: words.id() }),
  run: async ({ db, by }, words) => {
    const id = words.id();
    const standsIn = !words.has("not");
    await setStandsIn(db, id, standsIn, by);
    return {
      json: { id, standsIn },
      text: `${id} ${standsIn ? "stands in" : "does not stand in"} for others.`,
    };
  },
};

export function readWhileDown(words: Words): Home["whileDown"] {
  const whileDown = words.text("while-down") ?? "elsewhere";
  if (whileDown !== "elsewhere" && whileDown !== "wait")
    throw new CliError("usage", "--while-down must be elsewhere or wait.");
  return whileDown;
}

export const placeHome: Command = {
  name: "place home",
  synopsis: "--workspace ID (--provider ID [--while-down elsewhere|wait] | --none)",
  summary:
    "Where the new files of a workspace are kept. While that bucket is down they go to one that stands in, or wait for it (wait: what must not leave its region).",
  options: {
    workspace: { type: "string" },
    provider: { type: "string" },
    "while-down": { type: "string" },
    none: { type: "boolean" },
  },
  changes: (words) => {
    const resourceId = readId(words, "workspace");
    return resourceId === undefined ? undefined : { action: "setHome", resourceId };
  },
  run: async ({ db, by }, words) => {
    const workspaceId = readId(words, "workspace");
    const providerId = readId(words, "provider");
    if (workspaceId === undefined) throw new CliError("usage", "Which workspace? Give --workspace ID.");
    if ((providerId === undefined) !== words.has("none"))
      throw new CliError("usage", "Give --provider ID, or --none for wherever uploads go.");
    const whileDown = readWhileDown(words);
    const home: Home | null = providerId === undefined ? null : { providerId, whileDown };
    await setHome(db, workspaceId, home, by);
    return {
      json: { workspaceId, home },
      text:
        home === null
          ? `Workspace ${workspaceId} is at home nowhere in particular.`
          : `New files of workspace ${workspaceId} go to ${home.providerId}.`,
    };
  },
};
