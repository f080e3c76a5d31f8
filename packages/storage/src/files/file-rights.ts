import { UploadError } from "@audiotricks/protocol";
import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { Tenant } from "../access/tenant.ts";
import { requireLevel, requireReadable, requireShareable } from "./access-rules.ts";

const LEVELS = ["private", "workspace", "public"] as const satisfies AccessLevel[];

/** What the access table gives the caller of a row of `file_storage f`; to be selected beside it. */
export function rightsOn(tenant: Tenant) {
  return [
    tenant.reaches(ACCESS.updateFile).as("may_update"),
    tenant.reaches(ACCESS.createShare).as("may_share"),
    tenant.reaches(ACCESS.deleteFile).as("may_delete"),
    tenant.reaches(ACCESS.changeGroup).as("may_group"),
  ] as const;
}

interface Rights {
  may_update: boolean;
  may_share: boolean;
  may_delete: boolean;
  may_group: boolean;
}

/** The file with what its reader may do with it: what their role gives, as far as the file as it is now allows it. */
export function withRights(file: FileRecord, rights: Rights): FileRecord {
  const shareable = () => {
    requireShareable(file);
    requireReadable(file);
  };
  const may: NonNullable<FileRecord["may"]> = {
    rename: rights.may_update,
    delete: rights.may_delete,
    share: rights.may_share && allows(shareable),
    ...(file.group === undefined ? {} : { group: rights.may_group }),
    levels: rights.may_update ? LEVELS.filter((level) => allows(() => requireLevel(file, level))) : [],
  };
  return { ...file, may };
}

/** By the rule itself, which says why not by throwing. */
function allows(rule: () => void): boolean {
  try {
    rule();
    return true;
  } catch (error) {
    if (error instanceof UploadError) return false;
    throw error;
  }
}
