import type { Probe, Unasked } from "./probe.ts";
import { checksums } from "./probes/checksums.ts";
import { completion } from "./probes/completion.ts";
import { conditions } from "./probes/conditions.ts";
import { listing } from "./probes/listing.ts";
import { multipart } from "./probes/multipart.ts";
import { pages } from "./probes/pages.ts";
import { reach } from "./probes/reach.ts";
import { settings } from "./probes/settings.ts";
import { signatures } from "./probes/signatures.ts";

/** What is measured of Ceph, or said and never verified, and of which a store may differ. */
export const PROBES: readonly (Probe | Unasked)[] = [
  ...reach,
  ...signatures,
  ...pages,
  ...multipart,
  ...completion,
  ...conditions,
  ...checksums,
  ...listing,
  ...settings,
];
