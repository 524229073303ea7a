/** From peft's files to an adapter and back: a table of its types, and what they have in common. */
import { unknownName } from "../../errors/unknown-name.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { random } from "../../tensor/random.ts";
import type { AdapterTensor } from "../adapter.ts";
import { methodOf, methodOptions } from "../registry.ts";
import { checkFields, defaultsOf } from "./fields.ts";
import type { Adapter, BaseModel, Evaluate, PeftFiles, PeftFormat } from "./format.ts";
import { adaloraFormat } from "./adalora.ts";
import { isBottleneck } from "./adapter-hub.ts";
import { isLikeLora } from "./as-lora.ts";
import { ia3Format } from "./ia3.ts";
import { lnTuningFormat } from "./ln-tuning.ts";
import { loraFormat } from "./lora.ts";
import { moduleOf, modulesHolding, targetNames } from "./names.ts";
import { parameterOf, whole } from "./parts.ts";
import { pTuningFormat, prefixTuningFormat, promptTuningFormat } from "./prompts.ts";
import { shiraFormat } from "./shira.ts";
import { veraFormat } from "./vera.ts";

/** The formats by `peft_type`; the only list of them. */
export const peftTypes: Readonly<Record<string, PeftFormat>> = {
  LORA: loraFormat,
  ADALORA: adaloraFormat,
  VERA: veraFormat,
  IA3: ia3Format,
  LN_TUNING: lnTuningFormat,
  SHIRA: shiraFormat,
  PROMPT_TUNING: promptTuningFormat,
  P_TUNING: pTuningFormat,
  PREFIX_TUNING: prefixTuningFormat,
};

/** The format of a `peft_type`. @throws Error in one line listing the known ones. */
export function peftFormatOf(type: unknown): PeftFormat {
  const name = String(type);
  if (!Object.hasOwn(peftTypes, name)) throw unknownName("peft_type: unknown type", name, Object.keys(peftTypes));
  return peftTypes[name]!;
}

/**
 * The adapter that peft's files hold.
 * @throws Error in one line naming the field that is not supported, or the tensor that the model has no place for.
 */
export function readPeft({ config, tensors }: PeftFiles, base: BaseModel): Adapter {
  const format = peftFormatOf(config["peft_type"]);
  checkFields(config, format.fields);
  const named = [...tensors].flatMap(([key, value]) => {
    const name = nameOf(key, format, base);
    return name === null ? [] : [[name, value] as const];
  });
  const isOwn = ([name]: readonly [string, Tensor]) => format.isOwn(name);
  const ownTensors = new Map(named.filter(isOwn));
  if (ownTensors.size === 0)
    throw new Error(`no tensor of ${String(config["peft_type"])} (found ${tensors.size} others)`);
  const own = format.read({ config, tensors: ownTensors }, base);
  const beside = new Map(named.filter((entry) => !isOwn(entry)));
  const adapter = {
    method: own.method,
    options: methodOptions(methodOf(own.method), { ...own.options }),
    tensors: [...own.tensors, ...[...beside].map(([name, value]) => parameterOf(name, value, base.specs))],
  };
  return { ...adapter, tensors: [...adapter.tensors, ...derived(adapter, base)] };
}

/** What a method keeps of the base weights, frozen, and peft computes anew. */
function derived({ method, options, tensors }: Adapter, { specs, weights }: BaseModel): AdapterTensor[] {
  const { added } = methodOf(method).attach(specs, options, random(0));
  return added.flatMap(({ name, shape, trained, initial }) =>
    trained || !initial || tensors.some((part) => part.name === name)
      ? []
      : [whole(name, tensor("float32", shape, initial(weights)))],
  );
}

/** A key of peft's file as a name of the model's; null for what peft keeps of the base model beside a module that it trains. */
function nameOf(key: string, { prefix }: PeftFormat, { specs, basePrefix }: BaseModel): string | null {
  if (key.includes(".original_module.")) return null;
  const stripped = [prefix, "base_model."].find((start) => key.startsWith(start)) ?? "";
  const name = key
    .slice(stripped.length)
    .replace(/\.base_layer\./, ".")
    .replace(/\.modules_to_save\.[^.]+\./, ".");
  // A model without head has its modules' names without the prefix of the body.
  const [first] = name.split(".");
  const isRooted = specs.some((spec) => spec.name.startsWith(`${first}.`)) || !name.includes(".");
  return isRooted ? name : `${basePrefix}.${name}`;
}

/** What peft's files say of their surroundings. */
export interface Origin {
  readonly base_model_name_or_path: string;
  readonly revision: string | null;
  readonly task_type: string | null;
}

/**
 * An adapter as peft's files.
 * @throws Error in one line where peft has no type for the method, or no place for a trained tensor.
 */
export async function writePeft(
  adapter: Adapter,
  base: BaseModel,
  origin: Origin,
  evaluate: Evaluate,
): Promise<PeftFiles> {
  const [type, format] = typeOf(adapter.method);
  const parameters = new Set(base.specs.map(({ name }) => name));
  const isOwn = ({ parameter, selection }: AdapterTensor) =>
    selection !== null || !parameters.has(parameter) || (format.ownsParameter?.(parameter, base) ?? false);
  const own = { options: adapter.options, tensors: adapter.tensors.filter(isOwn) };
  const beside = adapter.tensors.filter((part) => !isOwn(part));
  const { config, tensors, targets } = await format.write(own, base, evaluate);
  const saved = modulesHolding(
    beside.map(({ parameter }) => parameter),
    base.specs,
  );
  const isSaved = (module: string) => saved.some((name) => `${module}.`.startsWith(`${name}.`));
  const fields: Record<string, unknown> = {
    ...defaultsOf(format.fields),
    ...origin,
    peft_type: type,
    modules_to_save: modulesToSave(
      targetNames(saved, base.specs, () => false),
      origin.task_type,
    ),
    ...(targets && { target_modules: targetNames(targets, base.specs, isSaved) }),
    ...(targets && "fan_in_fan_out" in format.fields && { fan_in_fan_out: areStoredTransposed(targets, base) }),
    ...config,
  };
  return {
    config: Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
    tensors: new Map([...tensors, ...beside.map(({ name, values }) => [format.prefix + name, values] as const)]),
  };
}

/** Whether the model is one whose checkpoints hold matrices as [in, out], which peft tells by its modules and writes down. */
function areStoredTransposed(modules: readonly string[], { specs }: BaseModel): boolean {
  return specs.some(({ name, storedTransposed }) => storedTransposed && modules.includes(moduleOf(name)));
}

function typeOf(method: string): [string, PeftFormat] {
  const found = Object.entries(peftTypes).find(([, format]) => format.method === method);
  if (found) return found;
  throw new Error(`${method}: peft has no type for it${otherWay(method)}`);
}

/** What can be done instead. */
function otherWay(method: string): string {
  if (isLikeLora(method)) return "; --format lora writes it as LoRA";
  if (isBottleneck(method)) return "; --format adapters writes it for the library adapters";
  return methodOf(method).unmergeable === undefined ? "; rocoft merge writes the whole model" : "";
}

/** Modules that peft saves beside an adapter; of a classifier it looks for two by itself. */
function modulesToSave(saved: readonly string[], task: string | null): string[] | null {
  const asked = task === "SEQ_CLS" ? ["classifier", "score"] : [];
  const modules = [...saved.filter((name) => !asked.includes(name)), ...asked];
  return modules.length === 0 ? null : modules;
}
