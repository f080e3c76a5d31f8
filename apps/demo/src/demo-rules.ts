import type { AudioRules } from "@audiotricks/upload-react";

/** Rules to try, out of the address: `?rules={"sampleRate":48000}`, or `?rules=false`. */
export function demoRules(search: string): AudioRules | false | undefined {
  const text = new URLSearchParams(search).get("rules");
  if (text === null) return undefined;
  try {
    const rules: unknown = JSON.parse(text);
    if (rules === false) return false;
    return typeof rules === "object" && rules !== null ? rules : undefined;
  } catch {
    return undefined;
  }
}
