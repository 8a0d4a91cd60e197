/** Seconds that a rate is the mean of. */
const SECONDS = 10;

/** Messages a second on the bus, as the mean of the last ten seconds. */
export class MessageRates {
  received = 0;
  sent = 0;
  /** Since the start, but for the current second. */
  readonly totals = { received: 0, sent: 0 };
  readonly #seconds: { readonly received: number; readonly sent: number }[] = [];

  /** Ends a second. */
  roll(): void {
    this.#seconds.push({ received: this.received, sent: this.sent });
    this.totals.received += this.received;
    this.totals.sent += this.sent;
    this.received = 0;
    this.sent = 0;
    if (this.#seconds.length > SECONDS) this.#seconds.shift();
  }

  get perSecond(): { readonly received: number; readonly sent: number } {
    const mean = (of: 'received' | 'sent') =>
      Math.round(
        this.#seconds.reduce((sum, second) => sum + second[of], 0) / Math.max(1, this.#seconds.length),
      );
    return { received: mean('received'), sent: mean('sent') };
  }
}
