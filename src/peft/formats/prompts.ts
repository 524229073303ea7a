/**
 * Prompt tuning, P-tuning and prefix tuning in peft: one table of what stands in front of every text. Where a network gives the
 * table, peft keeps what it gives.
 */
import { constant, slice, squeeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { inputTable } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { toFloat32 } from "../../tensor/tensor.ts";
import { prefixSource, type PrefixTuningOptions } from "../methods/prefix-tuning.ts";
import type { PTuningOptions } from "../methods/p-tuning.ts";
import { methodOf } from "../registry.ts";
import { wordEmbeddings } from "../virtual-tokens.ts";
import { commonFields, type Fields, fixed, free } from "./fields.ts";
import type { Adapter, BaseModel, JsonObject, OwnPart, PeftFiles, PeftFormat, WrittenPart } from "./format.ts";
import { whole } from "./parts.ts";

const table = "prompt_embeddings";

/** What the three have in common. */
const shared: Pick<PeftFormat, "prefix" | "isOwn"> = {
  prefix: "base_model.",
  isOwn: (name) => name === table || name.startsWith("prompt_encoder."),
};

const fields: Fields = {
  ...commonFields,
  num_virtual_tokens: free(null),
  token_dim: free(null),
  num_layers: free(null),
  num_attention_heads: free(null),
  num_transformer_submodules: fixed(1),
};

export const promptTuningFormat: PeftFormat = {
  ...shared,
  method: "prompt_tuning",
  fields: {
    ...fields,
    prompt_tuning_init: free("RANDOM"),
    prompt_tuning_init_text: free(null),
    tokenizer_name_or_path: free(null),
    tokenizer_kwargs: free(null),
  },
  read: readTable("prompt_tuning"),
  write: (own, base) => ({ config: sizesOf(own, base), tensors: new Map([[table, tableOf(own)!]]), targets: null }),
};

export const pTuningFormat: PeftFormat = {
  ...shared,
  method: "p_tuning",
  fields: {
    ...fields,
    encoder_reparameterization_type: free("MLP"),
    encoder_hidden_size: free(null),
    encoder_num_layers: free(2),
    encoder_dropout: free(0),
  },
  // Without its network it is a prompt like any other.
  read: readTable("prompt_tuning"),
  async write(own, base, evaluate): Promise<WrittenPart> {
    const { num_virtual_tokens: n, ...network } = own.options as PTuningOptions;
    const sizes = sizesOf(own, base);
    const width = wordEmbeddings(base.specs).shape[1]!;
    const { added, sites } = methodOf("p_tuning").attach(base.specs, own.options, random(0));
    const embed = sites!(inputTable(added), { training: false }).words!;
    const words = embed(constant(0, "float32", [1, n + 1, width]));
    const { result } = await evaluate({ result: squeeze(slice(words, 1, 0, n), 0) }, feedsOf(own));
    return {
      config: { ...sizes, ...network, encoder_hidden_size: network.encoder_hidden_size ?? width },
      tensors: new Map([[table, result!]]),
      targets: null,
    };
  },
};

export const prefixTuningFormat: PeftFormat = {
  ...shared,
  method: "prefix_tuning",
  fields: {
    ...fields,
    encoder_hidden_size: free(null),
    prefix_projection: free(false),
    init_weights: free(null),
  },
  read: readTable("prefix_tuning"),
  async write(own, base, evaluate): Promise<WrittenPart> {
    const { prefix_projection, encoder_hidden_size, shift_positions } = own.options as PrefixTuningOptions;
    if (!shift_positions)
      throw new Error("shift_positions: false; peft counts the positions of a text from behind the prefix");
    const sizes = sizesOf(own, base);
    // Without a network there is no width inside one; peft writes that of the model.
    const inside = prefix_projection ? encoder_hidden_size : sizes["token_dim"];
    const computed = tableOf(own) ? null : await evaluate({ result: prefixOf(own, base) }, feedsOf(own));
    return {
      config: { ...sizes, prefix_projection, encoder_hidden_size: inside },
      tensors: new Map([[table, tableOf(own) ?? computed!["result"]!]]),
      targets: null,
    };
  },
};

function readTable(method: Adapter["method"]): PeftFormat["read"] {
  return ({ tensors }: PeftFiles): Adapter => {
    const values = tensors.get(table);
    if (!values) throw new Error(`no tensor named ${table}`);
    if (values.shape.length !== 2)
      throw new Error(`tensor ${table} is ${formatShape(values.shape)}, expected a matrix`);
    return {
      method,
      options: { num_virtual_tokens: values.shape[0]! },
      tensors: [whole(table, toFloat32(values))],
    };
  };
}

const tableOf = ({ tensors }: OwnPart) => tensors.find(({ name }) => name === table)?.values;
const feedsOf = ({ tensors }: OwnPart) => Object.fromEntries(tensors.map(({ name, values }) => [name, values]));

/** The prefix [n, 2·L·width] of all attentions: the keys of the first, its values, the keys of the second, … */
function prefixOf(own: OwnPart, { specs }: BaseModel): Value {
  const { tensors, rows } = prefixSource(specs, own.options as PrefixTuningOptions, "zeros");
  return rows(inputTable(tensors));
}

/** Sizes that peft wants to know, by the names that the families' config.json has for them. */
const sizeNames: Readonly<Record<string, readonly string[]>> = {
  num_layers: ["num_hidden_layers", "num_layers", "n_layer"],
  token_dim: ["hidden_size", "n_embd", "d_model"],
  num_attention_heads: ["num_attention_heads", "n_head", "num_heads", "encoder_attention_heads"],
};

function sizesOf({ options }: OwnPart, { config }: BaseModel): JsonObject {
  if (config["is_encoder_decoder"] === true)
    throw new Error("config.json: an encoder-decoder, whose prompts and prefixes peft lays out in another way");
  const { num_virtual_tokens } = options as { readonly num_virtual_tokens: number };
  const sizes = Object.entries(sizeNames).map(([field, names]) => {
    const name = names.find((candidate) => typeof config[candidate] === "number");
    if (name === undefined) throw new Error(`config.json: has none of ${names.join(", ")}, which peft wants to know`);
    return [field, config[name]];
  });
  return { num_virtual_tokens, ...Object.fromEntries(sizes) };
}
