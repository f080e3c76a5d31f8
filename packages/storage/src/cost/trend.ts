/** A straight line through days that follow each other, and how far it may be off. */
export interface Trend {
  /** On the last of the days, by the line. */
  level: number;
  /** More each day. */
  slope: number;
  /** Standard error of the slope. */
  slopeError: number;
}

/** By least squares. @param values Of days, the oldest first; at least three. */
export function fitTrend(values: readonly number[]): Trend {
  const count = values.length;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const spread = values.reduce((sum, _value, day) => sum + (day - middle) ** 2, 0);
  const slope = values.reduce((sum, value, day) => sum + (day - middle) * (value - mean), 0) / spread;
  const residuals = values.reduce((sum, value, day) => sum + (value - mean - slope * (day - middle)) ** 2, 0);
  const slopeError = Math.sqrt(residuals / Math.max(1, count - 2) / spread);
  return { level: mean + slope * (count - 1 - middle), slope, slopeError };
}

export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
