const controller = new AbortController();

/** Aborted by Ctrl-C: whatever runs then ends, and tidies up behind itself. A second Ctrl-C ends the process at once. */
export const interruption: AbortSignal = controller.signal;

export function listenForInterruption(): void {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new Error("Interrupted.")));
  }
}
