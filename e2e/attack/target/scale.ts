/** `npm run attack` sends all of it; `npm test` a part of each. */
const isFull = process.env.ATTACK_SCALE === "full";

export const SCALE = {
  isFull,
  hostileNames: isFull ? 10_000 : 200,
  hostileMedia: isFull ? 1_000 : 56,
  requestsPerRoute: isFull ? 300 : 10,
};

/** For people who have asked for all of it. */
export function say(figures: string): void {
  if (isFull) console.info(figures);
}
