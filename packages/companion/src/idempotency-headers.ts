import { z } from "zod";

/** Printable ASCII: what every HTTP stack passes on unchanged. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, "must be 1 to 200 printable ASCII characters")
    .optional(),
});
