/**
 * The Jacobian of a model's outputs with respect to what a method trains, of one input at a time and never as a whole: each gradient
 * stays in the form in which it is small.
 */
import { pullbacks } from "../autodiff/gradients.ts";
import { expand, vector } from "../graph/ops.ts";
import { sizeOfDim } from "../graph/dim.ts";
import { joinProducts } from "../graph/join-products.ts";
import { onlyTaken } from "../graph/only-taken.ts";
import { forwardRewrites, simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import type { Runtime, Tensors } from "../runtime/runtime.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { AdaptedModel, AttachedModel } from "../train/adapt.ts";
import { type Forward, forward, reparameterizedTable } from "../train/forward.ts";
import { finished, inputsOf } from "../train/step.ts";
import { type GradientForm, type Give, type InputGradients, summands } from "./gradient-form.ts";
import { isProduct, productGradient } from "./product-gradient.ts";
import { isOfFewRows, rowGradient } from "./row-gradient.ts";
import { wholeGradients } from "./whole-gradients.ts";

/** What of a model is differentiated: its outputs [batch, outputs], of which a kernel takes each by itself. */
export type OutputsOf = (forward: Forward) => Value;

export interface JacobianGraph {
  /** `logits` [1, outputs] of an input, and what its gradients are made of. */
  readonly values: Readonly<Record<string, Value>>;
  readonly outputs: number;
  /** How the gradients of each model are kept. */
  readonly forms: readonly (readonly GradientForm[])[];
}

/** The gradients of each output with respect to a trained tensor; null of an output that does not depend on it. */
type TensorGradients = ReadonlyMap<string, readonly (Value | null)[]>;

/**
 * The outputs of a model and their gradients with respect to each trained tensor, as evaluation computes them: dropout off. Of several
 * models that train different numbers of one base model in place, what they have in common is computed once.
 * @param isTaken which of the trained tensors count
 * @throws Error when the models do not give the same
 */
export function outputGradients(
  models: readonly AttachedModel[],
  outputsOf: OutputsOf,
  isTaken: TakenTensor = () => true,
): { readonly logits: Value; readonly gradients: readonly TensorGradients[] } {
  const ofModels = models.map((attached) => ownGradients(attached, outputsOf, isTaken));
  const known = ofModels.flatMap(({ gradients }) => [...gradients.values()].flat()).filter((each) => each !== null);
  const cheaper = joinProducts(simplify([...ofModels.map(({ logits }) => logits), ...known], finished(models[0])));
  const [logits, ...others] = cheaper.slice(0, models.length);
  if (others.some((other) => other !== logits))
    throw new Error("output gradients: the models do not compute the same, expected several sets of one model");
  const at = new Map(known.map((gradient, i) => [gradient, cheaper[models.length + i]!]));
  const finishedOf = (ofTensor: readonly (Value | null)[]) => ofTensor.map((each) => each && at.get(each)!);
  return {
    logits: logits!,
    gradients: ofModels.map(
      ({ gradients }) => new Map([...gradients].map(([name, ofTensor]) => [name, finishedOf(ofTensor)])),
    ),
  };
}

function ownGradients(
  attached: AttachedModel,
  outputsOf: OutputsOf,
  isTaken: TakenTensor,
): { readonly logits: Value; readonly gradients: TensorGradients } {
  const mode = { training: false };
  const given = outputsOf(forward(attached, reparameterizedTable(attached, mode), mode));
  const [logits] = simplify(onlyTaken([given]), forwardRewrites);
  const outputs = Number(logits!.shape.at(-1));
  const read = new Map(inputsOf([logits!]).map((value) => [value.attrs.name, value]));
  const taken = attached.attachment.trained.filter((part) => isTaken(part) && read.has(part.name));
  const wrt = taken.map(({ name }) => read.get(name)!);
  const ofOutputs = Array.from({ length: outputs }, (_, a) => pullbacks(logits!, oneHot(a, logits!), wrt));
  return { logits: logits!, gradients: new Map(taken.map(({ name }, t) => [name, ofOutputs.map((each) => each[t]!)])) };
}

/** Whether a trained tensor counts in a kernel. */
export type TakenTensor = (tensor: AttachedModel["attachment"]["trained"][number]) => boolean;

function oneHot(a: number, like: Value): Value {
  const outputs = Number(like.shape.at(-1));
  return expand(vector(Array.from({ length: outputs }, (_, b) => Number(a === b))), like);
}

/**
 * The graph of a Jacobian, and the form of each gradient; what it gives is read by {@link compileJacobian}.
 * @param models one, or several sets of one base model's numbers that are trained in place
 * @param outputsOf gives [batch, outputs], as a classifier's logits
 * @param tokens of the longest input, by which forms are chosen; a wrong number costs memory, not exactness
 * @throws Error when several models do not compute the same
 */
export function jacobianGraph(
  models: readonly AttachedModel[],
  outputsOf: OutputsOf,
  tokens: number,
  isTaken?: TakenTensor,
): JacobianGraph {
  const { logits, gradients } = outputGradients(models, outputsOf, isTaken);
  const names = new Map<Value, string>();
  const give = (value: Value): string => {
    const name = names.get(value) ?? `part.${names.size}`;
    names.set(value, name);
    return name;
  };
  const forms = gradients.map((ofModel, model) => formsOf(ofModel, tokens, String(model), give));
  const parts = Object.fromEntries([...names].map(([value, name]) => [name, value]));
  return { values: { logits, ...parts }, outputs: Number(logits.shape.at(-1)), forms };
}

/** @param prefix of the names under which rows are kept */
function formsOf(gradients: TensorGradients, tokens: number, prefix: string, give: Give): GradientForm[] {
  const forms: GradientForm[] = [];
  const whole: (readonly (Value | null)[])[] = [];
  for (const [name, ofTensor] of gradients) {
    if (ofTensor.every((gradient) => gradient === null)) continue;
    if (isOfFewRows(ofTensor)) forms.push(rowGradient(`${prefix}.${name}`, ofTensor, give));
    else if (isProduct(ofTensor) && isSmallerAsProduct(ofTensor, tokens)) forms.push(productGradient(ofTensor, give));
    else whole.push(ofTensor);
  }
  return whole.length > 0 ? [...forms, wholeGradients(whole, give)] : forms;
}

/** Compares the factors of every output, the right one of which they mostly share, with what they multiply to. */
function isSmallerAsProduct(gradients: readonly (Value | null)[], tokens: number): boolean {
  const sizes = { batch: 1, sequence: tokens, target: tokens };
  const factors = new Set(gradients.flatMap(summands).flatMap(({ operands }) => operands as readonly Value[]));
  const elements = ({ shape }: Value) => shape.reduce<number>((size, dim) => size * sizeOfDim(dim, sizes), 1);
  const kept = [...factors].reduce((sum, factor) => sum + elements(factor), 0);
  const known = gradients.filter((gradient) => gradient !== null);
  return kept < known.reduce((sum, { shape }) => sum + sizeOf(shape as readonly number[]), 0);
}

export interface Jacobian {
  readonly outputs: number;
  readonly forms: JacobianGraph["forms"];
  /** The outputs of one input, [outputs], and the gradients of each. */
  of(input: Tensors): Promise<{ readonly logits: Float32Array; readonly gradients: InputGradients }>;
  dispose(): Promise<void>;
}

/**
 * Compiles a Jacobian over the weights of its models, which may change between inputs. An input is fed as a batch of one without padding:
 * what is trained is summed over a batch.
 * @param models those that the graph was made of, in their order
 */
export async function compileJacobian(
  models: readonly AdaptedModel[],
  { values, outputs, forms }: JacobianGraph,
  runtime: Runtime,
): Promise<Jacobian> {
  const program = await runtime.compile(values);
  const feeds = Object.assign({}, ...models.map((adapted) => adapted.feeds)) as Tensors;
  return {
    outputs,
    forms,
    async of(input) {
      const results = await program.run({ ...feeds, ...input });
      const gradients = Object.assign({}, ...forms.flat().map((form) => form.keep(results))) as InputGradients;
      return { logits: results["logits"]!.data as Float32Array, gradients };
    },
    dispose: () => program.dispose(),
  };
}

/** How many bytes the gradients of an input hold. */
export const bytesOf = (gradients: InputGradients): number =>
  Object.values(gradients).reduce((sum, { data }) => sum + data.byteLength, 0);
