/** A runtime whose graphs read some of their inputs from matrices that are stored in few bits. */
import type { Constant } from "../runtime/constants.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { areLaidOut } from "./laid-out.ts";
import { overStored, partName, type StoredMatrices } from "./over-stored.ts";
import type { Scheme } from "./scheme.ts";

/**
 * `runtime` over `stored`: inputs by these names need not be fed. What lies in files is mapped into memory, unless it is small enough to be
 * {@link areLaidOut laid out} in each program.
 */
export function overQuantizedBase(runtime: Runtime, stored: StoredMatrices, mostLaidOut?: number): Runtime {
  if (stored.size === 0) return runtime;
  const isLaidOut = areLaidOut(stored, mostLaidOut);
  return {
    description: runtime.description,
    hasOwnMemory: runtime.hasOwnMemory,
    residentBytes: () => runtime.residentBytes(),
    async compile(outputs, { constants = [], fewRows = false } = {}) {
      const { fed, held } = placed(stored, isLaidOut && !fewRows);
      const graph = overStored(outputs, fewRows ? asFloats(stored) : stored);
      const program = await runtime.compile(graph, { constants: new Map([...constants, ...held]), fewRows });
      return {
        inputs: program.inputs.filter((name) => !Object.hasOwn(fed, name)),
        run: (feeds) => program.run({ ...feeds, ...fed }),
        dispose: () => program.dispose(),
      };
    },
  };
}

/** The same matrices, put together for each product: codes are turned and packed for one of integers, which is more than a few rows are worth. */
function asFloats(stored: StoredMatrices): StoredMatrices {
  // Matrices of one scheme stay so: only they are put one below the other.
  const floats = new Map<Scheme, Scheme>();
  const of = (scheme: Scheme): Scheme => {
    const { times: _, timesTransposed: __, ...rest } = scheme;
    if (!floats.has(scheme)) floats.set(scheme, rest);
    return floats.get(scheme)!;
  };
  return new Map([...stored].map(([name, matrix]) => [name, { ...matrix, scheme: of(matrix.scheme) }]));
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
