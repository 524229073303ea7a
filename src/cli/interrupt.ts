/** Ctrl-C: once to end in good order, twice to leave at once. */

export interface Interruption {
  /** Aborted by the first interruption. */
  readonly signal: AbortSignal;
  /** From now on an interruption does not end the process at once. */
  listen(): void;
  release(): void;
}

/**
 * Does work that the first interruption aborts; null when it was, and then the exit code is that of an interruption.
 * @param onFirst says so
 */
export async function untilInterrupted<T>(
  onFirst: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const { signal, listen, release } = interruptible(onFirst);
  listen();
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = 130;
    return null;
  } finally {
    release();
  }
}

export function interruptible(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const handler = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    onFirst();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  return {
    signal: controller.signal,
    listen: () => signals.forEach((name) => process.on(name, handler)),
    release: () => signals.forEach((name) => process.off(name, handler)),
  };
}
