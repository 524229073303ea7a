/**
 * The files of peft (Mangrulkar et al. 2022, github.com/huggingface/peft), as far as they are no files: an adapter there is a
 * configuration and named tensors. Each type of adapter has a format of its own.
 */
import type { Value } from "../../graph/value.ts";
import type { ParameterSpec, Weights } from "../../nn/parameters.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { MethodName } from "../registry.ts";
import type { Fields } from "./fields.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** What adapter_config.json and adapter_model.safetensors hold. */
export interface PeftFiles {
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** An adapter as this library has it. */
export interface Adapter {
  /** The method's name. */
  readonly method: string;
  readonly options: object;
  readonly tensors: readonly AdapterTensor[];
}

/** The model that an adapter is for, untouched by it. */
export interface BaseModel {
  readonly specs: readonly ParameterSpec[];
  readonly weights: Weights;
  /** The names of the body's parameters begin with `${basePrefix}.`. */
  readonly basePrefix: string;
  /** Its config.json. */
  readonly config: JsonObject;
}

/** The method's own part of files. */
export interface WrittenPart {
  /** Fields that differ from peft's defaults. */
  readonly config: JsonObject;
  /** Under their full names. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The modules that peft is to change; null for a type that changes none. */
  readonly targets: readonly string[] | null;
}

/** What of an adapter is the method's own, the rest being whole parameters of the model, the head's above all. */
export type OwnPart = Pick<Adapter, "options" | "tensors">;

/** Computes values from the tensors that their inputs are named after. */
export type Evaluate = (
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
) => Promise<Readonly<Record<string, Tensor>>>;

export interface PeftFormat {
  /** The method whose adapters are written so. */
  readonly method: MethodName;
  /** What peft writes before each name of a module or parameter. */
  readonly prefix: "base_model.model." | "base_model.";
  readonly fields: Fields;
  /** Whether a tensor belongs to the method; its name has no prefix. */
  isOwn(name: string): boolean;
  /** Whether a whole parameter of the model is the method's own, not saved beside it; none is unless given. */
  ownsParameter?(name: string, base: BaseModel): boolean;
  /**
   * The method's own part of files, whose tensors have names without prefix; options that are left out have their defaults.
   * @throws Error in one line naming the field or tensor that is not supported.
   */
  read(files: PeftFiles, base: BaseModel): Adapter;
  /** @throws Error in one line naming what there is no place for. */
  write(own: OwnPart, base: BaseModel, evaluate: Evaluate): WrittenPart | Promise<WrittenPart>;
}

/** Tensors under the names that peft's own modules have: `base_model.model.` before each. */
export function inModel(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Map<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [`base_model.model.${name}`, value]));
}
