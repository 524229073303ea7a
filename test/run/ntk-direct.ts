/** Kernels of a study by definition: the same examples, every gradient whole, in float64. */
import { collate } from "../../src/data/collate.ts";
import type { EncodedDataset } from "../../src/data/encode.ts";
import { fewShot, sampled } from "../../src/data/few-shot.ts";
import type { Value } from "../../src/graph/value.ts";
import type { TakenTensor } from "../../src/ntk/jacobian.ts";
import { directJacobian, innerProducts } from "../../src/ntk/oracle.cases.ts";
import { parseConfig } from "../../src/run/config.ts";
import { attachMethod } from "../../src/run/execute.ts";
import { trainingOptions } from "../../src/run/options.ts";
import { encodeFor, prepareRun } from "../../src/run/prepare.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import type { AdaptedModel } from "../../src/train/adapt.ts";
import type { Forward } from "../../src/train/forward.ts";

export interface Asked {
  /** Settings of training: the model, the data, the method and its options. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly shots?: number;
  /** How many of the validation examples are tested on. */
  readonly tests: number;
  readonly isTaken?: TakenTensor;
  /** The model, if not as it is at initialisation. */
  readonly at?: AdaptedModel;
}

export interface Direct {
  readonly train: Float64Array;
  readonly test: Float64Array;
  readonly labels: readonly number[];
  readonly testLabels: readonly number[];
}

export async function directKernels({ config, seed = 42, shots, tests, isTaken, at }: Asked): Promise<Direct> {
  const runtime = await nativeRuntime({ threads: 1 });
  const prepared = await prepareRun(parseConfig({ ...config, seed, output_dir: "unused" }));
  try {
    const { task, padTokenId, config: checked } = prepared;
    const options = trainingOptions(prepared);
    const drawn = shots === undefined ? prepared : fewShot(prepared.train, task.labels!, shots, seed);
    const encoded = (data: typeof drawn.train) => encodeFor(prepared, task, data, checked.settings.max_seq_length);
    const [train, test] = [encoded(drawn.train), encoded(sampled(prepared.validation, tests, 42))];
    const adapted = at ?? (await attachMethod(prepared, { runtime, train, options })).adapted;
    const inputs = ({ encodings }: EncodedDataset) =>
      encodings.map((encoding) => ({ ...collate([encoding], { padTokenId }) }));
    const logits = (forward: Forward): Value => options.objective.evaluation(forward)["logits"]!;
    const rows = directJacobian(adapted, logits, [...inputs(train), ...inputs(test)], isTaken);
    const columns = rows.slice(0, train.lengths.length * task.labels!.length);
    return {
      train: innerProducts(columns, columns),
      test: innerProducts(rows.slice(columns.length), columns),
      labels: [...train.labels],
      testLabels: [...test.labels],
    };
  } finally {
    await prepared.folder.close();
  }
}
