/** The flags of settings of generation, made from their schemas. */
import { type Command, Option } from "commander";
import { type GenerationInput, generationFields } from "../generation/settings.ts";
import { flagsOf } from "./flags.ts";

/** Settings that have a flag of their name, in the order in which help lists them. */
const flagged = [
  "max_new_tokens",
  "max_length",
  "min_new_tokens",
  "do_sample",
  "temperature",
  "top_k",
  "top_p",
  "repetition_penalty",
  "no_repeat_ngram_size",
  "num_beams",
  "length_penalty",
  "early_stopping",
  "num_return_sequences",
  "seed",
] as const;

export type GenerationFlags = Pick<GenerationInput, (typeof flagged)[number]> & { readonly stop?: readonly string[] };

/** A setting that is a truth value or a word. */
const truths: Readonly<Record<string, boolean>> = { true: true, false: false };

export function addGenerationFlags(command: Command): Command {
  for (const name of flagged)
    for (const flag of flagsOf(name, generationFields[name], generationFields[name].description!))
      command.addOption(name === "early_stopping" ? flag.argParser((text: string) => truths[text] ?? text) : flag);
  return command.addOption(
    new Option("--stop <text>", `${generationFields.stop_strings.description}; may be given several times`).argParser(
      (text: string, before: readonly string[] = []) => [...before, text],
    ),
  );
}

/** The settings given on the command line. */
export function generationInput(flags: GenerationFlags): GenerationInput {
  const given = Object.fromEntries(flagged.map((name) => [name, flags[name]]));
  return { ...given, ...(flags.stop && { stop_strings: flags.stop }) };
}
