import { z } from "zod";

export type Env = Record<string, string | undefined>;

/** A setting that is empty is one that is not there: that is how shells and compose files leave one out. */
export function present(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
}

const PORT_MESSAGE = "must be a port, from 0 to 65535";
/** In digits: `1e2` and `0x50` are numbers as well, but nobody who writes them means a port. */
export const port = z
  .string()
  .regex(/^\s*\d{1,5}\s*$/, PORT_MESSAGE)
  .transform(Number)
  .refine((number) => number <= 65535, PORT_MESSAGE);

export const booleanSetting = z
  .enum(["true", "false"], "must be true or false")
  .transform((value) => value === "true");

const ORIGIN_MESSAGE =
  "must be an origin such as https://app.example.com: scheme, host and port, without a path and without *";

/** Exactly as a browser sends it, but for a slash at the end, which people add and browsers do not. */
export const origin = z
  .string()
  .transform((text) => text.trim().replace(/\/$/, ""))
  .refine((text) => /^https?:\/\//.test(text) && URL.parse(text)?.origin === text, ORIGIN_MESSAGE);

export const originList = z
  .string()
  .transform((list) => list.split(",").filter((entry) => entry.trim() !== ""))
  .pipe(z.array(origin));

/** Vendors' pages show endpoints without a scheme; they all mean https. */
export const httpUrl = z
  .string()
  .transform((text) => (text.includes("://") ? text : `https://${text}`))
  .pipe(z.url({ protocol: /^https?$/, error: "must be a URL such as https://fra1.digitaloceanspaces.com" }));
