export { type DirectoryLock, DirectoryLockedError } from "./directory-lock.ts";
export { EmbeddedError } from "./embedded-error.ts";
export { localSecret } from "./local-secret.ts";
export { followLocalSpaces, type LocalSpaces, openLocalSpaces } from "./local-spaces.ts";
export { lockDataDirectory } from "./lock-data-directory.ts";
export { databaseDirectory, type EmbeddedDatabase, openEmbeddedDatabase } from "./open-pglite.ts";
export { restoreEmbeddedDatabase } from "./restore-pglite.ts";
