import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";

/** ARIA roles as Playwright's `getByRole` takes them. */
type ContractRole =
  | "alert"
  | "button"
  | "combobox"
  | "dialog"
  | "group"
  | "heading"
  | "list"
  | "listitem"
  | "meter"
  | "paragraph"
  | "progressbar"
  | "radio"
  | "region"
  | "slider"
  | "spinbutton"
  | "status"
  | "textbox";

/** What an attribute may say. */
interface ContractState {
  attribute: string;
  values: readonly string[];
  /** Those that a page need not come to show: they pass at once, or are many. */
  fleeting?: readonly string[] | "all";
}

type FileStatus = Exclude<SpacesUploadStatus["status"], "cancelled">;

/** All that the engine tells of a file, and whether it stays for long enough to be seen. */
const STAYS: Record<FileStatus, boolean> = {
  queued: false,
  creating: false,
  checking: false,
  uploading: true,
  paused: true,
  waiting: true,
  finalizing: false,
  done: true,
  failed: true,
};
const FILE_STATUSES = Object.keys(STAYS) as FileStatus[];

/** What may be found in a file before it is uploaded. */
const FINDINGS = [
  "wrong_type",
  "unrecognised",
  "unreadable_header",
  "cut_short",
  "implausible_length",
  "very_long",
  "sample_rate",
  "bit_depth",
  "channels",
  "too_long",
  "too_short",
  "unknown",
];

/** One thing on the page that a test may rely on. */
export interface ContractRow {
  part: "widget" | "meter" | "details" | "sharing" | "demo";
  what: string;
  role: ContractRole;
  /** Its accessible name in English, `""` for none. `{name}` is a file's, `{n}` a number, `{workspace}` what the page calls it. */
  name: string;
  /** What it is called in other circumstances. */
  also?: readonly string[];
  states?: readonly ContractState[];
  /** Where states are, if not on it or on its row: the name of the list that the row is in, or a class. */
  statesIn?: string;
  note?: string;
}

/** Roles, names and states that stay as they are; a change here is a breaking change. `docs/test-contract.md` is made from it. */
export const CONTRACT: readonly ContractRow[] = [
  { part: "widget", what: "the widget", role: "region", name: "Upload audio", note: "`label` changes it" },
  {
    part: "widget",
    what: "where files are dropped",
    role: "group",
    name: "Drop audio here",
    note: "not there while the companion is asked, or does not answer",
  },
  {
    part: "widget",
    what: "picking files",
    role: "button",
    name: "Choose audio files",
    note: "its input is `.uppy-Dashboard-input:not([webkitdirectory])`",
  },
  {
    part: "widget",
    what: "recording",
    role: "button",
    name: "Record from the microphone",
    note: "with `microphone`",
  },
  {
    part: "widget",
    what: "what records",
    role: "region",
    name: "Recorder",
    statesIn: ".at-recorder",
    states: [
      {
        attribute: "data-status",
        values: ["loading", "asking", "unavailable", "ready", "recording", "preparing", "recorded"],
        fleeting: ["loading", "asking", "preparing", "unavailable"],
      },
      {
        attribute: "data-reason",
        values: [
          "unsupported",
          "refused",
          "no_microphone",
          "busy",
          "not_loaded",
          "nothing",
          "failed",
          "unwanted",
        ],
        fleeting: "all",
      },
    ],
    note: "`data-reason` when `unavailable`; then “Try again” where that may help. While it records, a `timer` says for how long; `recorded`: a link “Save on this device”, whose `download` is the file's name",
  },
  { part: "widget", what: "beginning to record", role: "button", name: "Start recording" },
  { part: "widget", what: "ending it", role: "button", name: "Stop recording" },
  {
    part: "widget",
    what: "uploading what was recorded",
    role: "button",
    name: "Upload the recording",
    note: "it is in the list then, as any file",
  },
  {
    part: "widget",
    what: "throwing it away",
    role: "button",
    name: "Discard",
    note: "another one may be begun",
  },
  {
    part: "widget",
    what: "closing it",
    role: "button",
    name: "Close",
    note: "not while there is something that would be lost",
  },
  {
    part: "widget",
    what: "hearing a recording, and a file whose waveform is drawn",
    role: "button",
    name: "Play {name}",
    note: "`aria-pressed` while it plays",
  },
  { part: "widget", what: "where it is", role: "slider", name: "Position in {name}" },
  {
    part: "widget",
    what: "the companion does not answer, or does not know who asks",
    role: "button",
    name: "Try again",
    note: "in a `status` that says “The upload service does not answer” or “You are signed out”",
  },
  { part: "widget", what: "announcements", role: "status", name: "", note: "only heard" },

  { part: "widget", what: "files", role: "list", name: "Uploads" },
  {
    part: "widget",
    what: "the same, scrolling",
    role: "group",
    name: "All uploads",
    note: "above 30 files; then the list has the rows that are seen, with `aria-setsize` and `aria-posinset`",
  },
  {
    part: "widget",
    what: "one file",
    role: "listitem",
    name: "{name}",
    statesIn: "Uploads",
    states: [
      {
        attribute: "data-status",
        values: FILE_STATUSES,
        fleeting: FILE_STATUSES.filter((status) => !STAYS[status]),
      },
      { attribute: "data-reason", values: ["offline", "retrying", "elsewhere"] },
      {
        attribute: "data-code",
        values: ["upload_failed", "content_mismatch", "quota_exceeded", "storage_unavailable"],
        fleeting: "all",
      },
    ],
    note: "`data-reason` while it waits (`elsewhere`: another tab has it), `data-code` when it failed: any code of `UPLOAD_ERRORS`",
  },
  {
    part: "widget",
    what: "its progress",
    role: "progressbar",
    name: "{name}",
    note: "`value` and `max` are bytes; gone when it is done or failed",
  },
  {
    part: "widget",
    what: "pausing it",
    role: "button",
    name: "Pause {name}",
    note: "none of its buttons while `finalizing`",
  },
  { part: "widget", what: "going on with it", role: "button", name: "Resume {name}", note: "when `paused`" },
  { part: "widget", what: "giving it up", role: "button", name: "Cancel {name}" },
  {
    part: "widget",
    what: "trying it again",
    role: "button",
    name: "Retry {name}",
    note: "when `failed`, where that can help",
  },
  {
    part: "widget",
    what: "taking it from the list",
    role: "button",
    name: "Remove {name} from the list",
    note: "when `done`, `failed` or not added",
  },
  {
    part: "widget",
    what: "progress of all",
    role: "progressbar",
    name: "All files",
    note: "of two files or more",
  },
  { part: "widget", what: "pausing all", role: "button", name: "Pause all" },
  { part: "widget", what: "going on with all", role: "button", name: "Resume all" },
  {
    part: "widget",
    what: "hearing of the end while the page is hidden",
    role: "button",
    name: "Notify me when done",
    note: "`aria-pressed`; when a minute or more is left, where the browser allows to ask; gone when all is through",
  },
  {
    part: "widget",
    what: "taking what is over from the list",
    role: "button",
    name: "Clear list",
    note: "when nothing is under way",
  },

  {
    part: "widget",
    what: "files that were not added",
    role: "alert",
    name: "",
    note: "empty while there are none",
  },
  { part: "widget", what: "these", role: "list", name: "Files not added" },
  {
    part: "widget",
    what: "one that was not added",
    role: "listitem",
    name: "{name}",
    statesIn: "Files not added",
    states: [
      { attribute: "data-status", values: ["refused"] },
      {
        attribute: "data-code",
        values: [
          "file_empty",
          "file_too_large",
          "type_not_allowed",
          "already_added",
          "restricted",
          ...FINDINGS,
        ],
        fleeting: "all",
      },
    ],
    note: "no byte of it moved",
  },

  {
    part: "widget",
    what: "what is odd with the sound of a file that is uploaded all the same",
    role: "paragraph",
    name: "",
    statesIn: ".at-row-warning",
    states: [
      {
        attribute: "data-code",
        values: FINDINGS,
        fleeting: FINDINGS.filter((code) => code !== "cut_short"),
      },
    ],
    note: "`.at-row-warning` in its row: “This WAV is cut short. …”; `rules` say which there are",
  },
  {
    part: "widget",
    what: "files of one drop that sound like stems of one piece",
    role: "region",
    name: "Stems of {name}",
    also: ["Stems"],
    statesIn: ".at-stems",
    states: [
      {
        attribute: "data-status",
        values: ["offered", "uploading", "changing", "short", "published"],
        fleeting: ["changing"],
      },
    ],
    note: "with their number, length and sample rate, and a sentence for each that does not match and for what is missing; once they are uploaded as one, how many are stored and what will not come. They wait while they are offered; `stems` says whether they are",
  },
  { part: "widget", what: "having them uploaded as one", role: "button", name: "Upload as one" },
  { part: "widget", what: "saying that they are none", role: "button", name: "Not stems" },
  {
    part: "widget",
    what: "publishing the others where some will not come",
    role: "button",
    name: "Publish the other {n}",
  },
  {
    part: "widget",
    what: "deleting all of them there",
    role: "button",
    name: "Delete all {n}",
    note: "asked once more",
  },
  { part: "widget", what: "keeping them after all", role: "button", name: "Keep" },
  { part: "widget", what: "putting away that they are published", role: "button", name: "Close" },
  {
    part: "widget",
    what: "files whose content is stored already",
    role: "region",
    name: "Already in your library",
    note: "they wait in the list until somebody says what becomes of them; `duplicates` says whether that is asked",
  },
  { part: "widget", what: "these", role: "list", name: "Already in your library" },
  {
    part: "widget",
    what: "one of them",
    role: "listitem",
    name: "{name}",
    statesIn: "Already in your library",
    states: [{ attribute: "data-status", values: ["already"] }],
  },
  { part: "widget", what: "not sending it", role: "button", name: "Skip {name}" },
  { part: "widget", what: "sending it all the same", role: "button", name: "Upload anyway: {name}" },
  {
    part: "widget",
    what: "sending none of them",
    role: "button",
    name: "Skip all {n}",
    note: "of two or more",
  },
  {
    part: "widget",
    what: "sending all of them",
    role: "button",
    name: "Upload all {n} anyway",
    note: "of two or more",
  },

  { part: "widget", what: "what does not all fit", role: "region", name: "Choose what to upload" },
  { part: "widget", what: "files to choose from", role: "list", name: "Files to choose from" },
  {
    part: "widget",
    what: "one of them",
    role: "listitem",
    name: "{name}",
    statesIn: "Files to choose from",
    states: [{ attribute: "data-status", values: ["fits", "over"] }],
  },
  { part: "widget", what: "putting it further up", role: "button", name: "Move {name} up" },
  { part: "widget", what: "putting it further down", role: "button", name: "Move {name} down" },
  { part: "widget", what: "leaving it out", role: "button", name: "Leave {name} out" },
  {
    part: "widget",
    what: "uploading what fits",
    role: "button",
    name: "Upload the {n} that fit",
    also: ["Upload the 1 that fits", "Upload all {n}", "Upload it"],
  },
  { part: "widget", what: "uploading none", role: "button", name: "Cancel" },

  {
    part: "widget",
    what: "a quota that fills up",
    role: "button",
    name: "Dismiss the note on your storage",
    also: ["Dismiss the note on this workspace"],
    statesIn: ".at-quota-note",
    states: [{ attribute: "data-status", values: ["high", "warning", "over_quota"] }],
    note: "the state is that of `.at-quota-note`, the text is “Your storage is over 80 % full: …”",
  },

  { part: "widget", what: "what was begun earlier", role: "region", name: "Unfinished uploads" },
  { part: "widget", what: "these", role: "list", name: "Unfinished uploads" },
  {
    part: "widget",
    what: "one of them",
    role: "listitem",
    name: "{name}",
    statesIn: "Unfinished uploads",
    states: [
      { attribute: "data-status", values: ["unfinished", "not-begun"] },
      { attribute: "data-reason", values: ["elsewhere"] },
    ],
    note: "`elsewhere`: another tab is at it, and there are no buttons",
  },
  {
    part: "widget",
    what: "going on with it",
    role: "button",
    name: "Continue {name}",
    note: "where the file can be read again",
  },
  { part: "widget", what: "giving it up", role: "button", name: "Discard {name}" },
  {
    part: "widget",
    what: "going on with all",
    role: "button",
    name: "Continue {n} uploads",
    also: ["Continue"],
  },
  {
    part: "widget",
    what: "files whose turn had not come",
    role: "listitem",
    name: "{n} files had not begun",
    also: ["1 file had not begun"],
    note: "the last of the list",
  },
  { part: "widget", what: "forgetting these", role: "button", name: "Forget files that had not begun" },

  {
    part: "meter",
    what: "the user's storage",
    role: "meter",
    name: "Your storage",
    statesIn: ".at-meter",
    states: [{ attribute: "data-status", values: ["normal", "high", "warning", "over_quota"] }],
    note: "`aria-valuenow` and `aria-valuemax` are bytes; the state is that of `.at-meter`; none without a limit",
  },
  {
    part: "meter",
    what: "the workspace's",
    role: "meter",
    name: "Workspace storage",
    also: ["{workspace}"],
    note: "as `labels` say",
  },

  {
    part: "details",
    what: "the drawer",
    role: "group",
    name: "",
    note: "`details.at-debug`; opened by its `summary`",
  },
  { part: "details", what: "files", role: "list", name: "Upload details" },
  { part: "details", what: "one file", role: "listitem", name: "{name}" },
  { part: "details", what: "its name", role: "heading", name: "{name}" },
  { part: "details", what: "its time by cause", role: "list", name: "Where the time of {name} went" },
  { part: "details", what: "what happened when", role: "list", name: "Timeline of {name}" },
  {
    part: "details",
    what: "its flight record",
    role: "button",
    name: "Export JSON of {name}",
    note: "downloads it",
  },

  { part: "sharing", what: "the dialog", role: "dialog", name: "Who can read {name}" },
  { part: "sharing", what: "its title", role: "heading", name: "Who can read {name}" },
  { part: "sharing", what: "closing it", role: "button", name: "Close" },
  {
    part: "sharing",
    what: "who reads the file",
    role: "group",
    name: "Who can read it",
    note: "a change that was made, or is not everywhere yet, is said in a `status`; why it was refused, in an `alert`",
  },
  {
    part: "sharing",
    what: "one choice",
    role: "radio",
    name: "Private",
    also: ["Workspace", "Public"],
    note: "those that whoever asks may choose, and the one that it has",
  },
  {
    part: "sharing",
    what: "making it so",
    role: "button",
    name: "Change",
    note: "`aria-disabled` while nothing else is chosen",
  },
  {
    part: "sharing",
    what: "where anyone reads it",
    role: "textbox",
    name: "Public address",
    note: "while it is public",
  },
  { part: "sharing", what: "taking the address, or the link, along", role: "button", name: "Copy" },
  { part: "sharing", what: "links", role: "region", name: "Links", note: "for whoever may share it" },
  { part: "sharing", what: "its title", role: "heading", name: "Links" },
  { part: "sharing", what: "how long the next one lasts", role: "combobox", name: "How long it works" },
  { part: "sharing", what: "how often it may be followed", role: "spinbutton", name: "Downloads at most" },
  { part: "sharing", what: "making it", role: "button", name: "Make a link" },
  { part: "sharing", what: "the link, this once", role: "textbox", name: "New link" },
  { part: "sharing", what: "those that are good", role: "list", name: "Links" },
  { part: "sharing", what: "ending one", role: "button", name: "End the link: ends {date}" },
  { part: "sharing", what: "ending all", role: "button", name: "End all links", note: "of two or more" },

  { part: "demo", what: "signing in", role: "button", name: "Sign in as {name}" },
  { part: "demo", what: "signing out", role: "button", name: "Sign out" },
  { part: "demo", what: "where uploads go", role: "combobox", name: "Workspace" },
  { part: "demo", what: "the widget's language", role: "combobox", name: "Language of the uploads" },
  { part: "demo", what: "what is stored there", role: "region", name: "Files in {workspace}" },
  { part: "demo", what: "the same, where there is something", role: "list", name: "Files in {workspace}" },
  {
    part: "demo",
    what: "one file",
    role: "listitem",
    name: "{name}",
    statesIn: "Files in {workspace}",
    states: [{ attribute: "data-state", values: ["stored", "archived", "recalling"] }],
  },
  { part: "demo", what: "hearing it", role: "button", name: "Play {name}" },
  { part: "demo", what: "where it is", role: "slider", name: "Position in {name}" },
  { part: "demo", what: "hearing no more of it", role: "button", name: "Close player of {name}" },
  { part: "demo", what: "downloading it", role: "button", name: "Download {name}" },
  {
    part: "demo",
    what: "getting it back from the archive",
    role: "button",
    name: "Get it back: {name}",
    note: "when `archived`; that it comes is said in a `status`, why it was refused in an `alert`",
  },
  {
    part: "demo",
    what: "saying who reads it",
    role: "button",
    name: "Share {name}",
    note: "for whoever may",
  },
  { part: "demo", what: "deleting it", role: "button", name: "Delete {name}" },
  {
    part: "demo",
    what: "files that are one thing",
    role: "listitem",
    name: "Stems of {name}",
    also: ["Stems"],
    statesIn: "Files in {workspace}",
    states: [{ attribute: "data-state", values: ["waiting", "open"] }],
  },
  {
    part: "demo",
    what: "their parts",
    role: "button",
    name: "Show files of {name}",
    also: ["Hide files of {name}"],
  },
  { part: "demo", what: "these", role: "list", name: "Files of {name}" },
  {
    part: "demo",
    what: "one of these",
    role: "listitem",
    name: "{name}",
    statesIn: "Files of {name}",
    states: [{ attribute: "data-state", values: ["stored"] }],
  },
  {
    part: "demo",
    what: "not waiting for the rest of them",
    role: "button",
    name: "Publish these {n} of {name}",
  },
  { part: "demo", what: "deleting all of them", role: "button", name: "Delete all of {name}" },
  { part: "demo", what: "being asked whether to", role: "dialog", name: "Delete “{name}”?" },
  { part: "demo", what: "yes", role: "button", name: "Delete" },
  { part: "demo", what: "no", role: "button", name: "Keep" },
];

/** Whether a row is about what has this role and this name. */
export function isAbout(row: ContractRow, role: string, name: string): boolean {
  return row.role === role && [row.name, ...(row.also ?? [])].some((pattern) => namesOf(pattern).test(name));
}

/** Matches the names that a pattern stands for, whole. */
export function namesOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("{n}", "\\d+")
    .replaceAll(/\{\w+\}/g, ".+");
  return new RegExp(`^${source}$`);
}
