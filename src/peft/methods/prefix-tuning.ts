/**
 * Prefix tuning (Li & Liang, ACL 2021): every attention sees n trained keys and values before those of the text,
 * Attn(q, [K_p; K], [V_p; V]), and no query comes from them.
 */
import * as z from "zod";
import { add, slice, splitHeads, tanh, unsqueeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { Initializer, ParameterSpec, ParameterTable } from "../../nn/parameters.ts";
import { compose, type Part, trainHead, withAdded } from "../attachment.ts";
import type { AddedTensor, Method } from "../method.ts";
import { linearModules, type Place, placeOf } from "../targets.ts";
import {
  encoderLayer,
  filledInFront,
  promptTensor,
  throughLayer,
  virtualTokensOption,
  wordEmbeddings,
} from "../virtual-tokens.ts";

/** How the prefix is parameterised. */
export interface PrefixOptions {
  readonly num_virtual_tokens: number;
  /** Whether a network gives the prefix: E [n, d] → linear [h, d] → tanh → linear [2·L·width, h]. */
  readonly prefix_projection: boolean;
  /** h. */
  readonly encoder_hidden_size: number;
}

export interface PrefixTuningOptions extends PrefixOptions {
  readonly init_weights: "normal" | "zero";
  readonly shift_positions: boolean;
}

/** @param of the number of virtual tokens and of the size of the network, unless given */
export function prefixOptions(of: { readonly tokens: number; readonly hidden: number }): {
  readonly [K in keyof PrefixOptions]: z.ZodType<PrefixOptions[K]>;
} {
  return {
    num_virtual_tokens: virtualTokensOption(of.tokens),
    prefix_projection: z
      .boolean()
      .default(false)
      .describe("train a network that gives the prefix instead of the prefix itself, as the paper does"),
    encoder_hidden_size: z.int().positive().default(of.hidden).describe("width inside the network"),
  };
}

export const prefixTuning: Method<PrefixTuningOptions> = {
  name: "prefix_tuning",
  summary: "keys and values before those of the text, in every attention",
  reference: "Li & Liang, ACL 2021",
  learningRate: 1e-2,
  learningRateSource:
    "peft's example for RoBERTa on MRPC, which trains the prefix itself; its paper's 5e-5 is for the network",
  unmergeable: "its keys and values stand beside those that the weights make of a text",
  options: {
    ...prefixOptions({ tokens: 20, hidden: 512 }),
    init_weights: z
      .enum(["normal", "zero"])
      .default("normal")
      .describe("the prefix begins as standard normal numbers, or at zero, where its keys take attention all the same"),
    shift_positions: z
      .boolean()
      .default(true)
      .describe("count positions of the text from behind the prefix, as peft does"),
  },
  attach(specs, chosen) {
    const begins = chosen.init_weights === "zero" ? "zeros" : { normal: 1 };
    return compose(prefix(specs, chosen, begins, chosen.shift_positions), trainHead(specs));
  },
};

/**
 * The prefix as a part of a method.
 * @param begins how it begins; a network's last layer where it is zero, which else begins as PyTorch begins it
 * @param shifts whether the text's first token stands at position n rather than 0
 * @throws Error in one line when the model has no projections of keys.
 */
export function prefix(
  specs: readonly ParameterSpec[],
  options: PrefixOptions,
  begins: Initializer,
  shifts: boolean,
): Part {
  const n = options.num_virtual_tokens;
  const { modules, width } = attentionsOf(specs);
  const source = prefixSource(specs, options, begins);
  return withAdded(source.tensors, {
    targets: modules,
    untouched: linearModules(specs).map(({ name }) => name),
    positions: shifts ? n : 0,
    sites(table) {
      const rows = source.rows(table);
      const slot = (i: number) => slice(rows, 1, i * width, (i + 1) * width);
      return {
        ...(shifts && { positions: (positions: Value) => add(positions, n) }),
        attention({ module, parts, bias, positionBias }) {
          const layer = modules.indexOf(module);
          const heads = Number(parts[0]!.key.shape[1]);
          const forAll = (i: number) => splitHeads(unsqueeze(slot(i), 0), heads);
          const own = { key: forAll(2 * layer), value: forAll(2 * layer + 1) };
          const ownBias = shifts && positionBias ? positionBias([...Array(n).keys()]) : 0;
          return { parts: [own, ...parts], bias: filledInFront(bias, -1, n, ownBias) };
        },
      };
    },
  });
}

/**
 * The attentions of the blocks in order, by the names of their modules, and the width of their keys and values: what projects
 * keys gives it, of a projection that gives queries and values too a third of what it gives.
 */
function attentionsOf(specs: readonly ParameterSpec[]): {
  readonly modules: readonly string[];
  readonly width: number;
} {
  const shares: Partial<Record<Place, number>> = { key: 1, fused: 3 };
  const keys = linearModules(specs).flatMap((module) => {
    const share = shares[placeOf(module)!];
    return share ? [{ module: module.name.replace(/\.[^.]*$/, ""), width: module.weight.shape[0]! / share }] : [];
  });
  if (keys.length === 0)
    throw new Error(
      "prefix: no module of the blocks projects keys, expected one in each (key, k_proj, query_key_value)",
    );
  return { modules: keys.map(({ module }) => module), width: keys[0]!.width };
}

/** What gives the prefix [n, 2·L·width], laid out as in peft: keys of the first attention, its values, keys of the second, … */
export interface PrefixSource {
  readonly tensors: readonly AddedTensor[];
  rows(table: ParameterTable): Value;
}

/** @throws Error in one line when the model has no projections of keys. */
export function prefixSource(
  specs: readonly ParameterSpec[],
  { num_virtual_tokens: n, prefix_projection, encoder_hidden_size: hidden }: PrefixOptions,
  begins: Initializer,
): PrefixSource {
  const { modules, width } = attentionsOf(specs);
  const size = 2 * modules.length * width;
  return prefix_projection
    ? projected(n, wordEmbeddings(specs).shape[1]!, hidden, size, begins)
    : direct(n, size, begins);
}

function direct(n: number, size: number, begins: Initializer): PrefixSource {
  const name = "prompt_embeddings";
  return { tensors: [promptTensor(name, [n, size], "embedding", begins)], rows: (table) => table.get(name)! };
}

function projected(n: number, width: number, hidden: number, size: number, begins: Initializer): PrefixSource {
  const [embedding, first, last] = ["embedding", "transform.0", "transform.2"].map((name) => `prompt_encoder.${name}`);
  const lastLayer = encoderLayer(last!, size, hidden);
  return {
    tensors: [
      promptTensor(`${embedding}.weight`, [n, width], "embedding", { normal: 1 }),
      ...encoderLayer(first!, hidden, width),
      ...(begins === "zeros" ? lastLayer.map((tensor) => ({ ...tensor, initializer: begins })) : lastLayer),
    ],
    rows(table) {
      const inside = tanh(throughLayer(table, first!, table.get(`${embedding}.weight`)!));
      return throughLayer(table, last!, inside);
    },
  };
}
