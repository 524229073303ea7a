/** A runtime whose graphs read some of their inputs from matrices that are stored in few bits. */
import type { Constant } from "../runtime/constants.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { areLaidOut } from "./laid-out.ts";
import { overStored, partName, type StoredMatrices } from "./over-stored.ts";

/**
 * `runtime` over `stored`: inputs by these names need not be fed. What lies in files is mapped into memory, unless it is small enough to be
 * {@link areLaidOut laid out} in each program.
 */
export function overQuantizedBase(runtime: Runtime, stored: StoredMatrices, mostLaidOut?: number): Runtime {
  if (stored.size === 0) return runtime;
  const { fed, held } = placed(stored, areLaidOut(stored, mostLaidOut));
  return {
    description: runtime.description,
    hasOwnMemory: runtime.hasOwnMemory,
    residentBytes: () => runtime.residentBytes(),
    async compile(outputs, constants = new Map()) {
      const program = await runtime.compile(overStored(outputs, stored), new Map([...constants, ...held]));
      return {
        inputs: program.inputs.filter((name) => !Object.hasOwn(fed, name)),
        run: (feeds) => program.run({ ...feeds, ...fed }),
        dispose: () => program.dispose(),
      };
    },
  };
}

/** The parts by their names as inputs: those that are fed, and those that a program holds. */
function placed(stored: StoredMatrices, isLaidOut: boolean) {
  const fed: Record<string, Tensor> = {};
  const held = new Map<string, Constant>();
  for (const [parameter, { parts }] of stored)
    for (const [name, part] of Object.entries(parts)) {
      const input = partName(parameter, name);
      if (isLaidOut) held.set(input, part.read());
      else if (part.region) held.set(input, part.region);
      else fed[input] = part.read();
    }
  return { fed, held };
}
