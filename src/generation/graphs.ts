/**
 * The graphs of reading a prompt and of reading on from it. Keys and values of what was read step in at the attention's place, so that
 * models know nothing of them: a graph gives those of the positions it reads and is fed those of the positions before.
 */
import { gatherRows, input, negativeLogLikelihood } from "../graph/ops.ts";
import type { Dim } from "../graph/primitive.ts";
import { withAxis } from "../graph/shapes.ts";
import { simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { dependents, topological } from "../graph/walk.ts";
import type { ModelInputs } from "../models/architecture.ts";
import { scopeOf } from "../nn/parameters.ts";
import { type AttentionSite, inTurn, type KeysAndValues, type Sites } from "../nn/sites.ts";
import type { AttachedModel } from "../train/adapt.ts";
import { modelInputs, reparameterizedTable } from "../train/forward.ts";
import { finished } from "../train/step.ts";
import type { CacheEntry } from "./cache.ts";

/** Values by name, ready to compile. */
type Outputs = Readonly<Record<string, Value>>;

export interface Graphs {
  /**
   * Reads texts. Of a decoder it gives `logits` [batch, vocabulary] of what comes next and what is {@link kept} of the text; of an
   * encoder what is {@link seen} of the text.
   */
  readonly prompt: Outputs;
  /** Reads further tokens: gives `logits` and what is kept of them, and is fed what was kept and seen before. */
  readonly step: Outputs;
  /** Keys and values of the positions that a decoder has read. */
  readonly kept: readonly CacheEntry[];
  /** Keys and values of an encoder's states; none without an encoder. */
  readonly seen: readonly CacheEntry[];
}

/** The input that says which row of all positions [batch · sequence] each text ends at. */
export const LAST = "last";

const int64 = (name: string, ...shape: string[]) => input(name, shape, "int64");

/** The graphs of a model that reads on by itself. */
export function decoderGraphs(attached: AttachedModel): Graphs {
  const forward = forwardOf(attached);
  const prompt = forward(textInputs(attached), keeping());
  const step = forward(stepInputs(), keeping("past"), { words: (embedded) => embedded });
  return { prompt: outputs(attached, prompt), step: outputs(attached, step), kept: entriesOf(prompt.kept), seen: [] };
}

/** The inputs that say which tokens of a continuation are asked for, by the positions before them, and what they are. */
export const ASKED = { positions: "positions", tokens: "tokens" } as const;

/** The graphs of how likely continuations of texts are. */
export interface LikelihoodGraphs {
  /** Reads texts: gives what is {@link kept} of them. */
  readonly prompt: Outputs;
  /** Reads continuations: gives `losses`, −log p of each token that is {@link ASKED}, and is fed what was kept. */
  readonly continuation: Outputs;
  readonly kept: readonly CacheEntry[];
}

/** The graphs of a decoder that finds continuations likely. */
export function likelihoodGraphs(attached: AttachedModel): LikelihoodGraphs {
  const forward = forwardOf(attached);
  const { kept } = forward(textInputs(attached), keeping());
  const read = forward(stepInputs(), keeping("past"), { words: (embedded) => embedded });
  const [positions, tokens] = [int64(ASKED.positions, "asked"), int64(ASKED.tokens, "asked")];
  const losses = negativeLogLikelihood(read.logitsAt(positions), tokens);
  return {
    prompt: simplified(attached, given(kept)),
    continuation: simplified(attached, { losses }),
    kept: entriesOf(kept),
  };
}

/** The graphs of a decoder beside an encoder. */
export function encoderDecoderGraphs(attached: AttachedModel): Graphs {
  const forward = forwardOf(attached);
  const read = textInputs(attached);
  const ids = int64("decoder_input_ids", "batch", "target");
  const whole = forward({ ...read, decoder_input_ids: ids }, keeping());
  // What the encoder's own attention keeps does not depend on what the decoder reads.
  const followers = dependents(topological([...whole.kept.values()].flatMap(({ key, value }) => [key, value])), [ids]);
  const own = new Map([...whole.kept].filter(([, { key }]) => followers.has(key)));
  const mask = int64("decoder_attention_mask", "batch", "past+target");
  const positions = int64("decoder_position_ids", "batch", "target");
  const step = forward(
    { ...read, decoder_input_ids: ids, decoder_attention_mask: mask, decoder_position_ids: positions },
    keeping("past", new Set(own.keys())),
  );
  return {
    prompt: simplified(attached, given(whole.seen)),
    step: outputs(attached, step),
    kept: entriesOf(own),
    seen: entriesOf(whole.seen),
  };
}

type Kept = Map<string, KeysAndValues>;

interface Keeper {
  readonly sites: Sites;
  /** Keys and values of self-attention and of cross attention, by module. */
  readonly kept: Kept;
  readonly seen: Kept;
}

/**
 * What notes the keys and values of every attention.
 * @param past the name of how many positions were read before; with it attention sees theirs too, and cross attention what it is fed
 * @param modules those whose positions were read before; all unless given
 */
function keeping(past?: string, modules?: ReadonlySet<string>): Keeper {
  const [kept, seen]: [Kept, Kept] = [new Map(), new Map()];
  const self = (site: AttentionSite) => {
    const [own] = site.parts as [KeysAndValues];
    if (modules && !modules.has(site.module)) return site;
    kept.set(site.module, own);
    return past === undefined ? site : { ...site, parts: [fed(site.module, own, past), own] };
  };
  const cross = (site: AttentionSite) => {
    const [other] = site.parts as [KeysAndValues];
    seen.set(site.module, other);
    return past === undefined ? site : { ...site, parts: [fed(site.module, other, other.key.shape[2]!)] };
  };
  return { kept, seen, sites: { attention: (site) => ({ self, cross })[site.kind](site) } };
}

interface Passed extends Pick<Keeper, "kept" | "seen"> {
  /** Of what follows on the last position of each text, [batch, vocabulary]. */
  readonly logits: Value;
  /** Of what follows on chosen positions [n], numbered through all texts, [n, vocabulary]. */
  logitsAt(positions: Value): Value;
}

/** A forward pass over `inputs` with `keeper` at its attention; the method steps in after it, and in place of some of its sites `instead`. */
function forwardOf(attached: AttachedModel): (inputs: ModelInputs, keeper: Keeper, instead?: Sites) => Passed {
  const { model, head, labels, attachment } = attached;
  const table = reparameterizedTable(attached);
  return (inputs, keeper, instead = {}) => {
    const own = attachment.sites?.(table, { training: false }) ?? {};
    const scope = scopeOf(table, inTurn(keeper.sites, { ...own, ...instead }));
    const hidden = model.body(scope, inputs, { causal: true });
    const logitsAt = (at: Value) => head.forward(scope, gatherRows(hidden, at), { labels, inputs });
    return { ...keeper, logits: logitsAt(int64(LAST, "batch")), logitsAt };
  };
}

/** What a decoder reads on, behind positions that it has read. */
const stepInputs = (): ModelInputs => ({
  ...modelInputs(),
  attention_mask: int64("attention_mask", "batch", "past+sequence"),
  position_ids: int64("position_ids", "batch", "sequence"),
});

/** What is read of texts, with the tokens that the method puts in front of them. */
function textInputs({ model, attachment }: AttachedModel): ModelInputs {
  const inputs = modelInputs();
  const word = model.paddingIndex === 0 ? 1 : 0;
  return (attachment.inputs?.({ ...inputs }, word) ?? inputs) as ModelInputs;
}

function simplified(attached: AttachedModel, values: Outputs): Outputs {
  const found = simplify(Object.values(values), finished(attached));
  return Object.fromEntries(Object.keys(values).map((name, i) => [name, found[i]!]));
}

const outputs = (attached: AttachedModel, { logits, kept }: Passed): Outputs =>
  simplified(attached, { logits, ...given(kept) });

/** The two tensors of an attention's module, by their names without a prefix. */
const tensorsOf = (module: string, { key, value }: KeysAndValues): [name: string, value: Value][] => [
  [`${module}.key`, key],
  [`${module}.value`, value],
];

/** Keys and values as outputs. */
function given(parts: Kept): Outputs {
  const all = [...parts].flatMap(([module, part]) => tensorsOf(module, part));
  return Object.fromEntries(all.map(([name, value]) => [`present.${name}`, value]));
}

/** Inputs shaped as the keys and values of a module, with so many positions. */
function fed(module: string, part: KeysAndValues, positions: Dim): KeysAndValues {
  const [key, value] = tensorsOf(module, part).map(([name, { shape }]) =>
    input(`past.${name}`, withAxis(shape, 2, positions)),
  ) as [Value, Value];
  return { key, value };
}

function entriesOf(parts: Kept): CacheEntry[] {
  const all = [...parts].flatMap(([module, part]) => tensorsOf(module, part));
  return all.map(([name, { shape }]) => ({
    fed: `past.${name}`,
    given: `present.${name}`,
    heads: Number(shape[1]),
    width: Number(shape[3]),
  }));
}
