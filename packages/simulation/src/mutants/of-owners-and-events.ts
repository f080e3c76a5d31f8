import { inFunction, type Mutant } from "./mutant.ts";

const DELIVERY = "storage/src/outbox/outbox-delivery.ts";
const CLAIM = "storage/src/outbox/claim-event.ts";

const EVENT_OF_EACH_STATE = `DROP TRIGGER file_storage_event_changed ON file_storage;
  CREATE TRIGGER file_storage_event_changed AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status <> 'deleting') EXECUTE FUNCTION write_file_event()`;

/** Of owners that go, of what is told of it, and of what is made of files. */
export const OF_OWNERS_AND_EVENTS: readonly Mutant[] = [
  {
    name: "workspace-delete-forgets-usage",
    what: "What a workspace had stays counted for its users when it goes.",
    sql: inFunction(
      "count_files",
      "IF d.loses_owner THEN",
      "IF d.loses_owner THEN NULL; ELSIF d.loses_owner THEN",
    ),
  },
  {
    name: "user-takes-workspace-files",
    what: "A user who goes takes along what they have put into workspaces.",
    sql: inFunction(
      "release_storage_of_owner",
      "v_workspace IS NOT NULL OR o.workspace_id IS NULL AS goes",
      "true AS goes",
    ),
  },
  {
    name: "sweep-deletes-without-user",
    what: "The sweep takes every file without a user for nobody's.",
    sql: inFunction(
      "cleanup_expired_files",
      "f.expires_at <= at AND",
      "(f.expires_at <= at OR f.user_id IS NULL) AND",
    ),
  },
  {
    name: "orphans-stay",
    what: "What a deleted user had keeps its state, and nobody comes for it.",
    sql: inFunction(
      "release_storage_of_owner",
      "WHEN is_counted_file(f.status) AND g.goes THEN 'deleting'",
      "WHEN false THEN 'deleting'",
    ),
  },
  {
    name: "completed-for-nobody",
    what: "What was being completed while its owner went is stored, and stays.",
    sql: inFunction(
      "release_storage_of_owner",
      "CASE WHEN g.goes AND m.complete_sent_at IS NOT NULL THEN now() ELSE f.expires_at END",
      "f.expires_at",
    ),
  },
  {
    name: "former-owner-forgotten",
    what: "A row whose owner goes no longer says who that was.",
    sql: inFunction(
      "release_storage_of_owner",
      "SET user_id = nullif(f.user_id, v_user), workspace_id = nullif(f.workspace_id, v_workspace),",
      `SET user_id = nullif(f.user_id, v_user), workspace_id = nullif(f.workspace_id, v_workspace),
        former_user_id = nullif(f.former_user_id, v_user),`,
    ),
  },
  {
    name: "delete-refused-while-uploading",
    what: "A user with files cannot be deleted.",
    sql: `ALTER TABLE file_storage DROP CONSTRAINT file_storage_user_id_fkey;
      ALTER TABLE file_storage ADD FOREIGN KEY (user_id) REFERENCES users (id);
      DROP TRIGGER users_release_storage ON users`,
  },
  {
    name: "derived-stay",
    what: "What is made of a file stays when that is deleted.",
    sql: "DROP TRIGGER file_storage_cascade_derived ON file_storage",
  },
  {
    name: "derived-for-the-service",
    what: "What is made of a file in a workspace is its user's alone.",
    sql: inFunction(
      "reserve_derived_upload",
      "jsonb_build_object('workspaceId', v_parent.workspace_id)",
      "'{}'::jsonb",
    ),
  },
  {
    name: "exports-expire-at-once",
    what: "Exports go after a day, not after a week.",
    sql: inFunction("reserve_upload", "interval '7 days'", "interval '1 day'"),
  },
  {
    name: "event-delivered-before-sent",
    what: "An event is written down as delivered, and then sent.",
    edits: [
      {
        file: DELIVERY,
        from: "const { id, body } = event;",
        to: "const { id, body } = event;\n        await settleDelivered(context, event);",
      },
    ],
  },
  {
    name: "event-out-of-order",
    what: "An event does not wait for those of the same file that came before it.",
    edits: [
      { file: CLAIM, from: "earlier.sequence < o.sequence)", to: "earlier.sequence < o.sequence AND false)" },
    ],
  },
  {
    name: "event-given-up-early",
    what: "An event that was refused twice is given up.",
    edits: [
      {
        file: DELIVERY,
        from: "if (event.attempts < maxAttempts) {",
        to: "if (event.attempts < maxAttempts - 1) {",
      },
    ],
  },
  {
    name: "event-lost-with-its-worker",
    what: "An event whose worker dies is nobody's.",
    edits: [{ file: DELIVERY, from: "leaseMs = 60_000", to: "leaseMs = 60_000_000_000" }],
  },
  {
    name: "event-for-every-state",
    what: "A file is told of as stored at each of its states.",
    sql: `${EVENT_OF_EACH_STATE};
      ${inFunction("write_file_event", "NOT is_counted_file(OLD.status)", "is_counted_file(NEW.status)")}`,
  },
  {
    name: "event-of-release-unheld",
    what: "A file is told of as released that was not held back.",
    sql: EVENT_OF_EACH_STATE,
  },
  {
    name: "event-with-another-time",
    what: "An event is made anew at every attempt, so that a repeat is another one.",
    edits: [
      {
        file: CLAIM,
        from: "sequence: Number(row.sequence),",
        to: "sequence: Number(row.sequence) + row.attempts,",
      },
    ],
  },
];
