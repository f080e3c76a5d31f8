import { forecastCosts } from "../cost/cost-forecast.ts";
import { reportCosts } from "../cost/cost-report.ts";
import { type AlertSource, MAX_BREACHES } from "./alert-source.ts";

const MICROS = 1_000_000;

/** Millionths of a dollar that this month will cost, by the forecast. */
export const budget: AlertSource = async (context, threshold) => {
  const { month, totalMicros } = await forecastCosts(context);
  if (totalMicros.expected <= threshold) return [];
  return [
    {
      subject: "deployment",
      value: totalMicros.expected,
      message: `${month} will cost $${dollars(totalMicros.expected)} by the forecast ($${dollars(totalMicros.low)} to $${dollars(totalMicros.high)}), of a budget of $${dollars(threshold)}. See for what: audiotricks-storage cost.`,
    },
  ];
};

/** Bytes that lie where nobody knows what it costs. */
export const priceMissing: AlertSource = async (context, threshold) => {
  const { unpriced } = await reportCosts(context, { limit: 1 });
  return unpriced
    .filter(({ averageBytes }) => averageBytes > threshold)
    .toSorted((a, b) => b.averageBytes - a.averageBytes)
    .slice(0, MAX_BREACHES)
    .map(({ providerId, providerName, region, bucket, averageBytes }) => ({
      subject: `provider:${providerId}`,
      value: Math.round(averageBytes),
      message: `No price is known of ${providerName} in ${region}, so what the bucket ${bucket} costs is in no sum. Set one: audiotricks-storage cost price --file FILE.`,
    }));
};

function dollars(micros: number): string {
  return (micros / MICROS).toFixed(2);
}
