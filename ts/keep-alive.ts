/** Keeps the process alive: Node knows nothing of threads that are not its own. */
export class KeepAlive {
  readonly #timer = holdProcess();

  ref(): void {
    this.#timer.ref();
  }

  unref(): void {
    this.#timer.unref();
  }

  /** Keeps it alive, whatever `unref` said, until what is returned is called. */
  during(): () => void {
    const timer = holdProcess();
    return () => clearInterval(timer);
  }

  /** Never again. */
  end(): void {
    clearInterval(this.#timer);
  }
}

// The longest that Node's timers take.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function holdProcess(): NodeJS.Timeout {
  return setInterval(() => {}, LONGEST_TIMER_MS);
}
