import type { Command } from "./command.ts";
import { audit } from "./commands/audit.ts";
import { conformance } from "./commands/conformance.ts";
import { deadLettersList } from "./commands/dead-letters-list.ts";
import { deadLettersDrop, deadLettersRetry } from "./commands/dead-letters-settle.ts";
import { doctor } from "./commands/doctor.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { providerAdd } from "./commands/provider-add.ts";
import { providerDisable } from "./commands/provider-disable.ts";
import { providerList } from "./commands/provider-list.ts";
import { providerRewrap } from "./commands/provider-rewrap.ts";
import { providerRotate } from "./commands/provider-rotate.ts";
import { quarantineDelete, quarantineList, quarantineRelease } from "./commands/quarantine.ts";
import { quotaSet } from "./commands/quota-set.ts";
import { reconcile } from "./commands/reconcile.ts";
import { sessions } from "./commands/sessions.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { usage } from "./commands/usage.ts";

export const COMMANDS: readonly Command[] = [
  migrateCommand,
  providerList,
  providerAdd,
  providerRotate,
  providerRewrap,
  providerDisable,
  quotaSet,
  usage,
  sessions,
  quarantineList,
  quarantineRelease,
  quarantineDelete,
  audit,
  sweepCommand,
  reconcile,
  deadLettersList,
  deadLettersRetry,
  deadLettersDrop,
  doctor,
  conformance,
];
