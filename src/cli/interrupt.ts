/** Ctrl-C: once to end in good order, twice to leave at once. */

/** A signal that the first interruption aborts; `release` gives the keys back. */
export function interruptible(onFirst: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const handler = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    onFirst();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) process.on(name, handler);
  return { signal: controller.signal, release: () => signals.forEach((name) => process.off(name, handler)) };
}
