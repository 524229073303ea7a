/** How a GGUF file scales rotary frequencies, in the words of config.json. */
import type { Metadata } from "./gguf-metadata.ts";
import type { JsonObject } from "./model-folder.ts";

export interface RopeFacts {
  readonly metadata: Metadata;
  readonly architecture: string;
  /** The divisor of each frequency, where the file has a tensor of them. */
  readonly rotaryFactors: Float32Array | null;
  /** The numbers of a head that are rotated. */
  readonly rotary: number;
  readonly theta: number;
}

/**
 * `rope_scaling` of config.json; null where nothing is scaled.
 * @throws Error in one line for a way that cannot be read.
 */
export function ropeScaling(facts: RopeFacts): JsonObject | null {
  const { metadata, architecture, rotaryFactors } = facts;
  if (rotaryFactors !== null) return llama3(facts, rotaryFactors);
  const key = `${architecture}.rope.scaling`;
  const kind = metadata.text(`${key}.type`, "none");
  if (kind === "none") return null;
  if (kind !== "linear" && kind !== "yarn")
    throw new Error(`${metadata.where}: "${key}.type" is ${JSON.stringify(kind)}, expected none, linear or yarn`);
  const original = metadata.integer(`${key}.original_context_length`, null);
  return {
    rope_type: kind,
    factor: metadata.real(`${key}.factor`),
    ...(original !== null && { original_max_position_embeddings: original }),
  };
}

const LOW = 1;
const HIGH = 4;
const ORIGINAL = 8192;

/**
 * Llama 3's scaling is a tensor of divisors in the file and four numbers in config.json, of which three are the same in all
 * of its models. The fourth is the divisor of the lowest frequency; whether all others follow is checked.
 */
function llama3({ metadata, rotary, theta }: RopeFacts, divisors: Float32Array): JsonObject {
  const factor = divisors.at(-1) ?? 1;
  const follows = divisors.every((divisor, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / rotary);
    const smooth = Math.min(Math.max((ORIGINAL / wavelength - LOW) / (HIGH - LOW), 0), 1);
    return Math.abs(divisor * ((1 - smooth) / factor + smooth) - 1) < 1e-4;
  });
  if (!follows || divisors.length !== rotary / 2)
    throw new Error(`${metadata.where}: rope_freqs.weight: ${divisors.length} divisors that are not Llama 3's`);
  return {
    rope_type: "llama3",
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: ORIGINAL,
  };
}
