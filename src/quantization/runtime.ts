/** A runtime whose graphs read some of their inputs from matrices that are stored in few bits. */
import type { FileRegion } from "../runtime/constants.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { overStored, partName, type StoredMatrices } from "./over-stored.ts";

/** `runtime` over `stored`: inputs by these names need not be fed. What lies in files is mapped into memory. */
export function overQuantizedBase(runtime: Runtime, stored: StoredMatrices): Runtime {
  if (stored.size === 0) return runtime;
  const { fed, mapped } = placed(stored);
  return {
    description: runtime.description,
    hasOwnMemory: runtime.hasOwnMemory,
    residentBytes: () => runtime.residentBytes(),
    async compile(outputs, constants = new Map()) {
      const program = await runtime.compile(overStored(outputs, stored), new Map([...constants, ...mapped]));
      return {
        inputs: program.inputs.filter((name) => !Object.hasOwn(fed, name)),
        run: (feeds) => program.run({ ...feeds, ...fed }),
        dispose: () => program.dispose(),
      };
    },
  };
}

/** The parts by their names as inputs: those in memory, and those in files. */
function placed(stored: StoredMatrices) {
  const fed: Record<string, Tensor> = {};
  const mapped = new Map<string, FileRegion>();
  for (const [parameter, { parts }] of stored)
    for (const [name, part] of Object.entries(parts)) {
      if (part.region) mapped.set(partName(parameter, name), part.region);
      else fed[partName(parameter, name)] = part.read();
    }
  return { fed, mapped };
}
