/** How text is generated: settings under the names that transformers' GenerationConfig gives them, and where they come from. */
import * as z from "zod";
import { misfit } from "../errors/misfit.ts";
import { unknownName } from "../errors/unknown-name.ts";

const token = z.int().nonnegative();
const size = z.int().nonnegative();
const positive = z.int().positive();

/** New tokens at most where neither the caller nor the model's folder says how many. */
const NEW_TOKENS = 256;

/** What a caller gives; what is left out is as the model's folder says. */
export interface GenerationInput {
  readonly max_new_tokens?: number | undefined;
  readonly max_length?: number | undefined;
  readonly min_new_tokens?: number | undefined;
  readonly min_length?: number | undefined;
  readonly do_sample?: boolean | undefined;
  readonly temperature?: number | undefined;
  readonly top_k?: number | undefined;
  readonly top_p?: number | undefined;
  readonly repetition_penalty?: number | undefined;
  readonly no_repeat_ngram_size?: number | undefined;
  readonly num_beams?: number | undefined;
  readonly length_penalty?: number | undefined;
  readonly early_stopping?: boolean | "never" | undefined;
  readonly num_return_sequences?: number | undefined;
  readonly stop_strings?: readonly string[] | undefined;
  readonly bos_token_id?: number | null | undefined;
  readonly eos_token_id?: number | readonly number[] | null | undefined;
  readonly forced_bos_token_id?: number | null | undefined;
  readonly forced_eos_token_id?: number | readonly number[] | null | undefined;
  readonly seed?: number | undefined;
}
type Setting = keyof GenerationInput;

/** How each setting is checked, and what it means. */
export const generationFields: { readonly [S in Setting]-?: z.ZodType } = {
  max_new_tokens: positive.describe(`the most new tokens; ${NEW_TOKENS} unless the model's folder says otherwise`),
  max_length: positive.describe(
    "the most tokens of prompt and continuation together, where max_new_tokens is not given",
  ),
  min_new_tokens: size.describe("no end before so many new tokens"),
  min_length: size.describe("no end before so many tokens of prompt and continuation together"),
  do_sample: z.boolean().describe("draw tokens by their probability instead of taking the likeliest"),
  temperature: z.number().positive().describe("logits are divided by it before a token is drawn"),
  top_k: size.describe("draw among so many of the likeliest tokens; 0 for all, 50 by default"),
  top_p: z.number().positive().max(1).describe("draw among the likeliest tokens that together have this probability"),
  repetition_penalty: z.number().positive().describe("above 1, tokens that were there before become less likely"),
  no_repeat_ngram_size: size.describe("no run of so many tokens comes twice; 0 for no such rule"),
  num_beams: positive.describe("how many continuations beam search follows at once; 1 for none"),
  length_penalty: z
    .number()
    .describe("beam search compares log-probabilities divided by this power of the length: above 0 favours long ones"),
  early_stopping: z
    .union([z.boolean(), z.literal("never")], { error: "expected true, false or never" })
    .describe("whether beam search ends once it has num_beams ends: true, false (when better is unlikely) or never"),
  num_return_sequences: positive.describe("continuations of each prompt"),
  stop_strings: z.array(z.string().min(1)).describe("the text ends before any of these"),
  bos_token_id: token.nullable().describe("what a text begins with that has no tokens"),
  eos_token_id: z
    .union([token, z.array(token)])
    .nullable()
    .describe("the tokens that end a text"),
  forced_bos_token_id: token.nullable().describe("the first token that a decoder beside an encoder gives"),
  forced_eos_token_id: z
    .union([token, z.array(token)])
    .nullable()
    .describe("the token that the longest text ends with"),
  seed: size.describe("the same seed draws the same text"),
};
/** Every setting decided. */
export interface GenerationSettings {
  /** null where {@link max_length} decides. */
  readonly max_new_tokens: number | null;
  readonly max_length: number | null;
  readonly min_new_tokens: number;
  readonly min_length: number;
  readonly do_sample: boolean;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly repetition_penalty: number;
  readonly no_repeat_ngram_size: number;
  readonly num_beams: number;
  readonly length_penalty: number;
  readonly early_stopping: boolean | "never";
  readonly num_return_sequences: number;
  readonly stop_strings: readonly string[];
  readonly bos_token_id: number | null;
  readonly eos_token_id: readonly number[];
  readonly forced_bos_token_id: number | null;
  readonly forced_eos_token_id: readonly number[];
  readonly seed: number;
}

/** Settings of transformers that change a text and are not known here, with the values that change nothing. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  bad_words_ids: [],
  begin_suppress_tokens: [],
  constraints: [],
  diversity_penalty: [0],
  dola_layers: [],
  encoder_no_repeat_ngram_size: [0],
  encoder_repetition_penalty: [1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
  exponential_decay_length_penalty: [],
  force_words_ids: [],
  guidance_scale: [1],
  max_time: [],
  min_p: [0],
  num_beam_groups: [1],
  penalty_alpha: [0],
  renormalize_logits: [false],
  sequence_bias: [],
  suppress_tokens: [],
  token_healing: [false],
  top_h: [],
  typical_p: [1],
  watermarking_config: [],
};

/**
 * What a generation_config.json says of the settings known here; null stands for what is not said.
 * @throws Error beginning with `where` for a value that a setting cannot have, and for a setting that would change the text and is
 * not known here.
 */
export function readGenerationConfig(json: Readonly<Record<string, unknown>>, where: string): GenerationInput {
  for (const [name, value] of Object.entries(json)) {
    const harmless = neutral[name];
    if (harmless !== undefined && value !== null && !harmless.includes(value))
      throw new Error(`${where}: ${name}: ${JSON.stringify(value)} is not supported, expected null`);
  }
  const said = Object.entries(generationFields).flatMap(([name, schema]): [string, unknown][] => {
    const value = name === "stop_strings" && typeof json[name] === "string" ? [json[name]] : json[name];
    return value === null || value === undefined ? [] : [[name, checked(`${where}: ${name}`, schema, value)]];
  });
  return Object.fromEntries(said);
}

/**
 * Checks what a caller gives, each setting for itself.
 * @throws Error in one line for a name that is no setting, or a value that it cannot have.
 */
export function checkInput(input: GenerationInput): void {
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(generationFields, name))
      throw unknownName("unknown setting", name, Object.keys(generationFields));
    checked(name, generationFields[name as Setting], value);
  }
}

function checked(name: string, schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (!result.success) throw misfit(name, value, result.error.issues[0]!);
  return result.data;
}

const listOf = (ids: number | readonly number[] | null | undefined): readonly number[] =>
  typeof ids === "number" ? [ids] : (ids ?? []);

/**
 * The settings of one generation.
 * @param folder what the model's folder says
 * @throws Error in one line for a name that is no setting, a value that it cannot have, or values that contradict each other.
 */
export function generationSettings(input: GenerationInput, folder: GenerationInput = {}): GenerationSettings {
  checkInput(input);
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const lengths = input.max_new_tokens === undefined && input.max_length === undefined ? folder : input;
  const said: GenerationInput = { ...folder, ...Object.fromEntries(given) };
  const length = lengths.max_length ?? null;
  const settings: GenerationSettings = {
    max_new_tokens: lengths.max_new_tokens ?? (length === null ? NEW_TOKENS : null),
    max_length: length,
    min_new_tokens: said.min_new_tokens ?? 0,
    min_length: said.min_length ?? 0,
    do_sample: said.do_sample ?? false,
    temperature: said.temperature ?? 1,
    top_k: said.top_k ?? 50,
    top_p: said.top_p ?? 1,
    repetition_penalty: said.repetition_penalty ?? 1,
    no_repeat_ngram_size: said.no_repeat_ngram_size ?? 0,
    num_beams: said.num_beams ?? 1,
    length_penalty: said.length_penalty ?? 1,
    early_stopping: said.early_stopping ?? false,
    num_return_sequences: said.num_return_sequences ?? 1,
    stop_strings: said.stop_strings ?? [],
    bos_token_id: said.bos_token_id ?? null,
    eos_token_id: listOf(said.eos_token_id),
    forced_bos_token_id: said.forced_bos_token_id ?? null,
    forced_eos_token_id: listOf(said.forced_eos_token_id),
    seed: said.seed ?? 0,
  };
  checkTogether(settings);
  return settings;
}

function checkTogether(settings: GenerationSettings): void {
  const { num_return_sequences: wanted, num_beams: beams, do_sample: drawn } = settings;
  if (beams === 1 && !drawn && wanted > 1)
    throw new Error(
      `num_return_sequences: ${wanted}, expected 1, or do_sample or num_beams: the likeliest text is one`,
    );
  if (beams > 1 && wanted > beams)
    throw new Error(`num_return_sequences: ${wanted}, expected no more than the ${beams} of num_beams`);
}

/**
 * How many new tokens a prompt may get at most.
 * @param positions how many the model has for prompt and continuation together
 * @param where names the prompt in errors
 * @throws Error in one line when the prompt leaves no room.
 */
export function newTokensOf(
  { max_new_tokens: most, max_length: length }: GenerationSettings,
  promptLength: number,
  positions: number,
  where: string,
): number {
  if (promptLength >= positions)
    throw new Error(`${where}: ${promptLength} tokens, expected fewer than the ${positions} positions of the model`);
  const room = most ?? Number(length) - promptLength;
  if (room <= 0) throw new Error(`${where}: ${promptLength} tokens, expected fewer than max_length ${length}`);
  return Math.min(room, positions - promptLength);
}
