import { randomUUID } from "node:crypto";
import type { StoreView } from "../disk.ts";
import { ActiveRule } from "./active-rule.ts";
import { FaultError } from "./fault-error.ts";
import type { FaultRule } from "./fault-rule.ts";
import type { Faults, InjectedFault, StruckRequest } from "./faults.ts";
import type { MatchedRequest, Snapshots, Strike } from "./strike.ts";

const LOG_LENGTH = 10_000;

/** The faults of an emulator in this process: give it to `startSpacesEmulator({ faults })`. */
export class FaultKit implements Faults {
  #seed: number;
  #injected = 0;
  #rules: ActiveRule[] = [];
  #log: StruckRequest[] = [];

  /** @param options.seed What `probability` goes by; a whole number, 1 by default. */
  constructor(options: { seed?: number } = {}) {
    this.#seed = checkSeed(options.seed ?? 1);
  }

  async inject(rule: FaultRule): Promise<InjectedFault> {
    const luck = `${this.#seed} ${this.#injected + 1}`;
    const active = new ActiveRule(rule, randomUUID(), luck);
    this.#injected++;
    this.#rules.push(active);
    return {
      id: active.id,
      heal: () => this.healOne(active.id),
      log: async () => (await this.log()).filter(({ ruleId }) => ruleId === active.id),
    };
  }

  async heal(): Promise<void> {
    for (const rule of this.#rules) rule.end();
    this.#rules = [];
  }

  /** Ends the rule of that id; one that has ended, or never was, may be healed again. */
  async healOne(id: string): Promise<void> {
    this.#rules.find((rule) => rule.id === id)?.end();
  }

  async log(): Promise<StruckRequest[]> {
    return [...this.#log];
  }

  async restart(seed = this.#seed): Promise<void> {
    this.#seed = checkSeed(seed);
    await this.heal();
    this.#injected = 0;
    this.#log = [];
  }

  /** The emulator's question about every request. @returns `undefined` for one that is left alone. */
  strike(request: MatchedRequest, store: Snapshots): Strike | undefined {
    this.#rules = this.#rules.filter(({ ended }) => !ended.aborted);
    const views = new Map(this.#rules.map((active) => [active, active.viewOf(store)]));
    for (const active of this.#rules) {
      const place = active.strikes(request);
      if (place !== undefined) return this.#strike(active, request, place, views.get(active));
    }
    return undefined;
  }

  #strike(active: ActiveRule, matched: MatchedRequest, request: number, view: StoreView | undefined): Strike {
    const { id: ruleId, rule, ended } = active;
    // Of this run: what is still on its way when the kit is restarted is not told in the next one.
    const log = this.#log;
    let isTold = false;
    const happened = (): void => {
      if (isTold) return;
      isTold = true;
      log.push({ ruleId, fault: rule.fault, ...matched, request, at: new Date().toISOString() });
      if (log.length > LOG_LENGTH) log.shift();
    };
    return { fault: rule, ended, view, happened };
  }
}

function checkSeed(seed: unknown): number {
  if (Number.isSafeInteger(seed)) return Number(seed);
  throw new FaultError("invalid_rule", "seed must be a whole number.");
}
