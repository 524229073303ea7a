/**
 * A file of random matrices of a model of LLaMA-2's shape in 4 bits, for bench/large-model.ts; 7 billion take 4 GiB.
 *
 *     npx tsx scripts/random-base.ts --output FILE [--layers 32] [--hidden_size 4096]
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { llamaOf, writeRandomBase } from "../bench/random-base.ts";

const { values: flags } = parseArgs({
  options: {
    output: { type: "string" },
    layers: { type: "string", default: "32" },
    hidden_size: { type: "string", default: "4096" },
  },
});
const { specs } = llamaOf({ layers: Number(flags.layers), hiddenSize: Number(flags.hidden_size) });
writeRandomBase(flags.output!, specs);
console.log(`${flags.output}: ${statSync(flags.output!).size} bytes`);
