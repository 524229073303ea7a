/**
 * The same training here and in PyTorch, on real weights and data, with the same head and the same batches in the same order:
 * what is left between the losses is rounding.
 *
 *     npx tsx bench/parity.ts --model MINILM --data SST2_FOLDER --python PYTHON [--update row] [--max_train_samples 3200]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeSafetensors } from "../src/formats/safetensors.ts";
import { parseConfig } from "../src/run/config.ts";
import { trainingOptions } from "../src/run/options.ts";
import { encodeFor, prepareRun } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { adapt } from "../src/train/adapt.ts";
import { epochBatches } from "../src/train/epoch.ts";
import { loadWeights } from "../src/train/load.ts";
import { train } from "../src/train/trainer.ts";
import { lastJson, machine, root, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    update: { type: "string", default: "row" },
    max_train_samples: { type: "string", default: "3200" },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "rocoft-parity-"));

const prepared = await prepareRun(
  parseConfig({
    model: flags.model,
    task: "sst2",
    data: flags.data,
    update: flags.update,
    max_train_samples: Number(flags.max_train_samples),
    num_train_epochs: 1,
    output_dir: scratch,
  }),
);
const { folder, config, model, specs, head, labels, attachment } = prepared;
const { seed } = config.settings;
const checkpoint = { where: folder.folder, tensors: folder.tensors, readInto: folder.readInto };
const { weights, initialized } = await loadWeights(model, specs, checkpoint, { seed });
const newHead = new Map(initialized.map((name) => [name, weights[name]!]));
writeFileSync(join(scratch, "head.safetensors"), Buffer.concat(encodeSafetensors(newHead)));

const data = encodeFor(prepared, prepared.task, prepared.train, config.settings.max_seq_length);
const validation = encodeFor(prepared, prepared.task, prepared.validation, config.settings.max_seq_length);
const options = trainingOptions(prepared);
const order = epochBatches(data.lengths, 0, options).map((batch) => [...batch]);
const adapted = adapt({ model, head, labels, specs, weights, attachment });
const losses: number[] = [];
let accuracy = NaN;
for await (const event of train({ adapted, runtime: await nativeRuntime(), train: data, validation, options })) {
  if (event.type === "step") losses.push(event.loss);
  if (event.type === "evaluation") accuracy = event.scores["accuracy"]!;
}
await folder.close();

const sequences = (encoded: typeof data) => encoded.encodings.map(({ ids }) => [...ids]);
const side = (encoded: typeof data) => ({ ids: sequences(encoded), labels: [...encoded.labels] });
writeFileSync(
  join(scratch, "training.json"),
  JSON.stringify({ order, train: side(data), validation: side(validation) }),
);
const script = join(root, "bench", "reference", "parity.py");
const reference = lastJson<{ losses: number[]; accuracy: number }>(
  run(flags.python!, [script, flags.model!, scratch, flags.update]),
);
rmSync(scratch, { recursive: true });

const worst = losses.reduce((most, loss, step) => Math.max(most, Math.abs(loss / reference.losses[step]! - 1)), 0);
console.log(`${machine()}; ${losses.length} steps, rank 3, ${flags.update}`);
console.log(`largest relative difference of a loss: ${worst.toExponential(1)}`);
console.log(`validation accuracy: ${accuracy} here, ${reference.accuracy} in PyTorch`);
