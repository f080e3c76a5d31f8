/** Parts that a page has been told are stored, so that it can be seen when it sends one of them for nothing. */
export class WhatAPageKnows {
  readonly #stored = new Set<string>();
  readonly needless: string[] = [];

  isStored(sessionId: string, partNumber: number): void {
    this.#stored.add(`${sessionId}/${partNumber}`);
  }

  /** The store has them no more, or has others: all of them where none is named. */
  isMissing(sessionId: string, partNumbers: readonly number[]): void {
    for (const part of this.#stored) {
      const isMeant =
        partNumbers.length === 0 || partNumbers.some((number) => part === `${sessionId}/${number}`);
      if (part.startsWith(`${sessionId}/`) && isMeant) this.#stored.delete(part);
    }
  }

  begins(sessionId: string, partNumber: number): void {
    const part = `${sessionId}/${partNumber}`;
    if (this.#stored.has(part))
      this.needless.push(`9: part ${part} is sent, though the page knows that it is stored`);
  }
}
