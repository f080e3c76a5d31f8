import { listPrices, type Price, setPrice } from "@audiotricks/storage";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import type { Command, Site } from "../command.ts";
import { formatMoney } from "../money.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

const amount = z.int().min(0);

const priceSchema = z.strictObject({
  providerName: z.enum(["digitalocean_spaces", "s3", "gcs", "azure_blob"]),
  region: z.string(),
  from: z.string(),
  until: z.string().nullable().default(null),
  source: z.string(),
  checkedOn: z.string().nullable().default(null),
  baseFee: amount,
  storageAllowance: amount,
  egressAllowance: amount,
  storagePerGib: amount,
  egressPerGib: amount,
  cold: z
    .strictObject({ perGib: amount, retrievalPerGib: amount, minimumDays: amount })
    .nullable()
    .default(null),
  minimumObjectSize: amount,
  readsPerMillion: amount.default(0),
  writesPerMillion: amount.default(0),
  /** As --json tells it: what is written down is always our own. */
  isOwn: z.boolean().optional(),
});

const MAX_FILE = 65_536;

export const costPrice: Command = {
  name: "cost price",
  synopsis: "[--file FILE|-]",
  summary:
    "The prices that are known, and where they are from; our own go before the list. --file: one more, or another in the place of one, as JSON with the fields that --json shows: millionths of a dollar and bytes, from the first of a month.",
  options: { file: { type: "string" } },
  changes: (words) => (words.text("file") === undefined ? undefined : { action: "setPrice" }),
  run: async (site, words) => {
    const file = words.text("file");
    if (file !== undefined) await setPrice(site.db, await readPrice(site, file), site.by);
    const prices = await listPrices(site.db);
    const rows = prices.map((price) => [
      price.providerName,
      price.region,
      price.from,
      price.until ?? "",
      formatMoney(price.baseFee),
      formatSize(price.storageAllowance),
      formatSize(price.egressAllowance),
      perGib(price.storagePerGib),
      perGib(price.egressPerGib),
      price.cold === null ? "" : perGib(price.cold.perGib),
      price.checkedOn ?? "never",
      price.isOwn ? "our own" : "the list",
    ]);
    const head = ["VENDOR", "REGION", "FROM", "UNTIL", "FEE", "STORAGE INCLUDED", "EGRESS INCLUDED"];
    return {
      json: { prices },
      text: textTable([...head, "A GIB HELD", "A GIB SENT", "A GIB COLD", "CHECKED", "SAID BY"], rows),
    };
  },
};

/** Fractions of a cent matter here. */
function perGib(micros: number): string {
  return `$${(micros / 1_000_000).toFixed(4)}`;
}

function parse(text: string): unknown {
  if (text.length > MAX_FILE) throw new CliError("usage", "--file is larger than a price can be.");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError("usage", "--file is not JSON.", { cause });
  }
}

async function readPrice({ terminal }: Site, file: string): Promise<Price> {
  let text = "";
  try {
    for await (const piece of terminal.read(file))
      if (text.length <= MAX_FILE) text += Buffer.from(piece).toString();
  } catch (cause) {
    throw new CliError("usage", "--file cannot be read: name one that this user may read.", { cause });
  }
  const price = priceSchema.safeParse(parse(text));
  if (price.success) {
    const { isOwn: _isOwn, ...own } = price.data;
    return own;
  }
  const [issue] = price.error.issues;
  throw new CliError("usage", `--file: ${issue?.path.join(".") || "the price"}: ${issue?.message}.`);
}
