/**
 * How far the gradient of RoCoFT's rows over a base in 8 bits is from float32's, as a part of its length, by how rows are scaled and how far
 * the codes go of what they are multiplied with: at the checkpoint, over batches from all of an epoch. What is not in use is computed in
 * floats of the same numbers.
 *
 *     npx tsx bench/rounded-gradients.ts --model MODEL --task TASK --data DATA [--batches 4] [--max_seq_length 256]
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cast, codeScale, dequantize, encode, matmul, mul, squeeze } from "../src/graph/ops.ts";
import type { Value } from "../src/graph/value.ts";
import { int8, int8Twice, int8WeightsOnly } from "../src/quantization/int8.ts";
import { overQuantizedBase } from "../src/quantization/runtime.ts";
import type { Scheme } from "../src/quantization/scheme.ts";
import { parseConfig } from "../src/run/config.ts";
import { trainingOptions } from "../src/run/options.ts";
import { encodeTraining, prepareRun } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { adapt } from "../src/train/adapt.ts";
import { epochBatches } from "../src/train/epoch.ts";
import { loadWeights } from "../src/train/load.ts";
import { createStage } from "../src/train/stages.ts";
import { gradientName } from "../src/train/step.ts";
import { machine } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    task: { type: "string" },
    data: { type: "string" },
    batches: { type: "string", default: "4" },
    max_seq_length: { type: "string", default: "256" },
  },
});

/** x in steps of each token's largest number by `reach`. */
function inSteps(x: Value, reach: number): Value {
  const steps = codeScale(x, reach);
  return dequantize(encode(x, steps, reach + 1), squeeze(steps, -1), reach + 1);
}

/** Matrices as `scheme` has them, times codes that go so far forward and so far back. */
const times = (scheme: Scheme, forward: number, backward: number): Scheme => ({
  ...scheme,
  timesTransposed: (x, parts) => matmul(inSteps(x, forward), scheme.value(parts), { transposeB: true }),
  times: (y, { codes, scales }) => matmul(inSteps(mul(y, scales!), backward), cast(codes!, "float32")),
});

const forms: Readonly<Record<string, Scheme>> = {
  "two neighbours | 8 bits, 7 bits: of encoders": int8,
  "two neighbours | 8 bits": times(int8, 127, 127),
  "largest number | 8 bits": times(int8WeightsOnly, 127, 127),
  "largest number | 8 bits, 7 bits": times(int8WeightsOnly, 127, 63),
  "largest number | 7 bits": times(int8WeightsOnly, 63, 63),
  "largest number | 14 bits in two products: of decoders": int8Twice,
  "largest number | float32": int8WeightsOnly,
};

const settings = { model: flags.model, task: flags.task, data: flags.data, per_device_train_batch_size: 16 };
const lengths = { max_seq_length: Number(flags.max_seq_length), output_dir: join(tmpdir(), "rocoft-rounded") };
const prepared = await prepareRun(parseConfig({ ...settings, ...lengths }));
const { folder, model, specs, head, labels, attachment, padTokenId } = prepared;
const { seed } = prepared.config.settings;
const data = encodeTraining(prepared);
const options = trainingOptions(prepared);
const epoch = epochBatches(data.lengths, 0, options).map((batch) => Int32Array.from(batch));
const count = Math.min(Number(flags.batches), epoch.length);
const batches = Array.from({ length: count }, (_, i) => epoch[Math.floor(((i + 0.5) * epoch.length) / count)]!);
const native = await nativeRuntime();

/** The sum over the batches of what a step gives, by name. */
async function stepped(scheme: Scheme | null): Promise<ReadonlyMap<string, Float64Array>> {
  const schemeOf = (spec: (typeof specs)[number]) => (scheme?.fits(spec.shape) && !spec.head ? scheme : null);
  const loaded = await loadWeights(model, specs, { where: folder.folder, ...folder }, { seed, schemeOf });
  const { weights, stored = new Map() } = loaded;
  const adapted = adapt({ model, head, labels, specs, attachment, weights, stored });
  const stage = await createStage(adapted, overQuantizedBase(native, adapted.stored), options.objective);
  const sums = new Map<string, Float64Array>();
  for (const batch of batches) {
    const { feeds } = options.objective.batch(data, batch, { padTokenId, stream: random(0) });
    const results = await stage.program.run({ ...adapted.feeds, ...feeds });
    for (const [name, { data: numbers }] of Object.entries(results)) {
      const sum = sums.get(name) ?? new Float64Array(numbers.length);
      sums.set(
        name,
        sum.map((total, i) => total + Number(numbers[i])),
      );
    }
  }
  await stage.dispose();
  return sums;
}

const gradients = (results: ReadonlyMap<string, Float64Array>) =>
  attachment.trained.map(({ name }) => results.get(gradientName(name))!);
const squares = (vectors: readonly Float64Array[]) =>
  vectors.reduce((sum, vector) => sum + vector.reduce((part, x) => part + x * x, 0), 0);

const exact = gradients(await stepped(null));
console.log(`${machine()}; ${flags.task}, ${count} batches of 16\n`);
console.log("| 127 codes for a row's | times what is, forward and back | gradient off by |\n|---|---|---|");
for (const [name, scheme] of Object.entries(forms)) {
  const rounded = gradients(await stepped(scheme));
  const off = rounded.map((vector, i) => vector.map((x, k) => x - exact[i]![k]!));
  console.log(`| ${name} | ${Math.sqrt(squares(off) / squares(exact)).toFixed(4)} |`);
}
await folder.close();
