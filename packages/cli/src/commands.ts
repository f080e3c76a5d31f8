import type { Command } from "./command.ts";
import { alertsAck, alertsList } from "./commands/alerts.ts";
import { alertsRules, alertsSet } from "./commands/alerts-rules.ts";
import { archiveAdd, archiveList, archiveRemove } from "./commands/archive.ts";
import { audit } from "./commands/audit.ts";
import { backupCompare, backupRun, backupStatus } from "./commands/backup.ts";
import { backupDatabase } from "./commands/backup-database.ts";
import { backupList } from "./commands/backup-list.ts";
import { conformance } from "./commands/conformance.ts";
import { cost } from "./commands/cost.ts";
import { costActual } from "./commands/cost-actual.ts";
import { costForecast } from "./commands/cost-forecast.ts";
import { costPrice } from "./commands/cost-price.ts";
import { costWhatIf } from "./commands/cost-what-if.ts";
import { deadLettersList } from "./commands/dead-letters-list.ts";
import { deadLettersDrop, deadLettersRetry } from "./commands/dead-letters-settle.ts";
import { doctor } from "./commands/doctor.ts";
import { exportUser } from "./commands/export-user.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { placeHome, placeList, placeStandIn } from "./commands/place.ts";
import { placeCancel, placeMove, placeMoves } from "./commands/place-move.ts";
import { providerAdd } from "./commands/provider-add.ts";
import { providerDisable } from "./commands/provider-disable.ts";
import { providerEnable } from "./commands/provider-enable.ts";
import { providerList } from "./commands/provider-list.ts";
import { providerRewrap } from "./commands/provider-rewrap.ts";
import { providerRotate } from "./commands/provider-rotate.ts";
import { quarantineDelete, quarantineList, quarantineRelease } from "./commands/quarantine.ts";
import { quotaSet } from "./commands/quota-set.ts";
import { reconcile } from "./commands/reconcile.ts";
import { restoreFile, restoreProvider, restoreWorkspace } from "./commands/restore.ts";
import { restoreDatabase } from "./commands/restore-database.ts";
import { restoreDrill } from "./commands/restore-drill.ts";
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
  providerEnable,
  placeList,
  placeStandIn,
  placeHome,
  archiveList,
  archiveAdd,
  archiveRemove,
  placeMove,
  placeMoves,
  placeCancel,
  quotaSet,
  usage,
  // Those of two words before the one that they begin with.
  costForecast,
  costWhatIf,
  costActual,
  costPrice,
  cost,
  sessions,
  quarantineList,
  quarantineRelease,
  quarantineDelete,
  alertsList,
  alertsAck,
  alertsRules,
  alertsSet,
  exportUser,
  audit,
  sweepCommand,
  reconcile,
  backupStatus,
  backupRun,
  backupCompare,
  restoreFile,
  restoreWorkspace,
  restoreProvider,
  backupDatabase,
  backupList,
  restoreDatabase,
  restoreDrill,
  deadLettersList,
  deadLettersRetry,
  deadLettersDrop,
  doctor,
  conformance,
];
