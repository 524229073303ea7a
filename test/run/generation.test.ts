/** Writing with what was trained: a run, and its adapter on the base model. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/run/config.ts";
import { executeRun } from "../../src/run/fine-tune.ts";
import { openGenerator } from "../../src/run/generator.ts";
import { makeTinyModel, reviews, scratchFolder, write } from "../tiny-model.ts";

const folder = scratchFolder();
const model = makeTinyModel(join(folder, "decoder"), "llama-lm", { max_position_embeddings: 32 });
write(join(model, "tokenizer_config.json"), JSON.stringify({ eos_token: "[SEP]" }));
const data = write(
  join(folder, "notes.txt"),
  reviews(40, 2)
    .map(({ text }) => text)
    .join("\n\n"),
);

test.each(["rocoft", "prompt_tuning", "prefix_tuning"])(
  "a run by %s writes as its adapter does, and not as the base",
  async (method) => {
    const run = join(folder, method);
    const settings = { model, data, output_dir: run, task: "causal-language-model", method, max_seq_length: 8 };
    const quick = {
      num_train_epochs: 3,
      warmup_steps: 2,
      learning_rate: 0.03,
      threads: 1,
      per_device_train_batch_size: 4,
    };
    const all = { ...settings, ...quick, ...(method.endsWith("tuning") && { num_virtual_tokens: 3 }) };
    for await (const event of executeRun(parseConfig(all))) expect(event.type).toBeTruthy();
    const written = async (source: Parameters<typeof openGenerator>[0]) => {
      const generator = await openGenerator(source, { threads: 1 });
      const [found] = await generator.generate(["the film was"], { max_new_tokens: 8 });
      await generator.dispose();
      return found!.sequences[0]!.tokens;
    };
    const ofRun = await written({ run });
    expect(await written({ model, adapter: run })).toEqual(ofRun);
    expect(await written({ model })).not.toEqual(ofRun);
  },
);
