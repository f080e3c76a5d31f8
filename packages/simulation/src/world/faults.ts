import { running } from "./actor.ts";
import { CALM, type Climate, type FaultKind } from "./climate.ts";

/** Decides what goes wrong, and counts it. */
export class Faults {
  climate: Climate;
  readonly counts = new Map<string, number>();

  constructor(climate: Climate) {
    this.climate = climate;
  }

  /** By the luck of whoever runs. */
  strike(kind: FaultKind): boolean {
    if (!running().random.chance(this.climate[kind] / 100)) return false;
    this.note(kind);
    return true;
  }

  /** The first that strikes. */
  among<Kind extends FaultKind>(kinds: readonly Kind[]): Kind | undefined {
    return kinds.find((kind) => this.strike(kind));
  }

  /** One that was asked for, such as the death of a server. */
  note(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  calm(): void {
    this.climate = CALM;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
