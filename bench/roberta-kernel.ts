/** A classifier of RoBERTa-base's shape with random weights and two classes, and random inputs for it, each a batch of one. */
import { robertaBase } from "../scripts/parameters/roberta-base.ts";
import { collate } from "../src/data/collate.ts";
import { modelOf } from "../src/models/registry.ts";
import { initialize } from "../src/nn/initialize.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import type { Tensors } from "../src/runtime/runtime.ts";
import { random } from "../src/tensor/random.ts";
import { adapt, type AdaptedModel } from "../src/train/adapt.ts";
import { parametersOf } from "../src/train/load.ts";
import { randomBatch } from "./timed-steps.ts";

/** The model with a method attached. */
export function robertaWith(name: string, options: Readonly<Record<string, unknown>>): AdaptedModel {
  const stream = random(0);
  const model = modelOf(robertaBase, "roberta-base");
  const head = model.heads["sequence-classification"]!;
  const specs = parametersOf(model, head, 2);
  const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
  const method = methodOf(name);
  const attachment = method.attach(specs, methodOptions(method, options), stream, null);
  return adapt({ model, head, labels: 2, specs, weights, attachment });
}

/** `count` inputs of `length` tokens. */
export function inputsOf(count: number, length: number): Tensors[] {
  const { encodings } = randomBatch(count, length, robertaBase.vocab_size);
  return encodings.map((encoding) => ({ ...collate([encoding], { padTokenId: robertaBase.pad_token_id }) }));
}
