import { CLAMD_STREAM_MAX_LENGTH, type ClamdOptions, type ScanPolicy } from "@audiotricks/storage";
import { z } from "zod";
import { booleanSetting } from "./config-settings.ts";

/** Who scans files, and whether they wait for it. */
export interface ScanConfig {
  policy: Exclude<ScanPolicy, "off">;
  clamd: ClamdOptions;
  tooLarge: "quarantine" | "allow";
}

const ADDRESS_MESSAGE = "must be a host and port such as 127.0.0.1:3310, or the path of a Unix socket";
/** IPv6 in brackets. */
const ADDRESS = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[^\s:/@[\]]+)):(?<port>\d{1,5})$/i;
/** clamd counts a stream in 32 bits. */
const MOST_BYTES = 4 * 1024 ** 3 - 1;
const BYTES_MESSAGE = "must be a whole number of bytes from 1 to 4294967295: the StreamMaxLength of clamd";

export const scanSettings = {
  CLAMD_ADDRESS: z
    .string()
    .transform((text) => readAddress(text.trim()))
    .refine((address) => address !== undefined, ADDRESS_MESSAGE)
    .optional(),
  CLAMD_STREAM_MAX_LENGTH: z.coerce
    .number(BYTES_MESSAGE)
    .int(BYTES_MESSAGE)
    .min(1, BYTES_MESSAGE)
    .max(MOST_BYTES, BYTES_MESSAGE)
    .default(CLAMD_STREAM_MAX_LENGTH),
  SCAN_REQUIRED: booleanSetting.default(true),
  SCAN_TOO_LARGE: z.enum(["quarantine", "allow"], "must be quarantine or allow").default("quarantine"),
};

/** `undefined` where nobody scans. */
export function scanConfigOf(settings: z.infer<z.ZodObject<typeof scanSettings>>): ScanConfig | undefined {
  const { CLAMD_ADDRESS: address, CLAMD_STREAM_MAX_LENGTH: maxFileSize } = settings;
  if (address === undefined) return undefined;
  return {
    policy: settings.SCAN_REQUIRED ? "before" : "after",
    clamd: { address, maxFileSize },
    tooLarge: settings.SCAN_TOO_LARGE,
  };
}

export function scanPolicyOf(scan: ScanConfig | undefined): ScanPolicy {
  return scan?.policy ?? "off";
}

function readAddress(text: string): ClamdOptions["address"] | undefined {
  if (text.startsWith("/")) return { path: text };
  const { six, name, port } = ADDRESS.exec(text)?.groups ?? {};
  const host = six ?? name;
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}
