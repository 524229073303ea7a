/** A runtime whose graphs read weights that never change from where they are computed with. */
import type { Runtime, Tensors } from "./runtime.ts";

/**
 * `runtime`, whose programs hold `weights` as constants: copied once to a device with a memory of its own. Where memory is one, what
 * is fed is read in place, and every program would hold a copy: there nothing changes.
 * @param weights by the names of inputs; written to no more
 */
export function withResident(runtime: Runtime, weights: Tensors): Runtime {
  if (!runtime.hasOwnMemory) return runtime;
  const resident = new Map(Object.entries(weights));
  return {
    ...runtime,
    compile: (outputs, { constants = [], ...more } = {}) =>
      runtime.compile(outputs, { ...more, constants: new Map([...resident, ...constants]) }),
  };
}
