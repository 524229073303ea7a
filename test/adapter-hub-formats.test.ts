/** Bottleneck adapters in the format of the library adapters: what it wrote does here what it does there, and the other way round. */
import { describe, expect, test } from "vitest";
import { type AdapterHubFiles, hubMethodOf, readAdapterHub, writeAdapterHub } from "../src/peft/formats/adapter-hub.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { random } from "../src/tensor/random.ts";
import { adapt, adapterTensors } from "../src/train/adapt.ts";
import { worstDifference } from "./draw.ts";
import { readJson, readTensors } from "./fixtures.ts";
import { baseOf, foreignCases, logitsOf } from "./foreign-adapters.ts";

const library = "adapter-hub";

const filesOf = (name: string, model: string): AdapterHubFiles => ({
  config: readJson(library, name, model, "adapter_config.json"),
  tensors: readTensors(library, name, model, "adapter.safetensors"),
  head: readTensors(library, name, model, "model_head.safetensors"),
});

const origin = (name: string) => {
  const { model_class, label2id } = readJson<{ model_class: string; label2id: object }>(
    library,
    "pfeiffer",
    name,
    "head_config.json",
  );
  return { model_name: name, model_class, labels: Object.keys(label2id) };
};

/** The library's own name for an adapter's tensors, whatever the adapter is called. */
const anonymous = (key: string) => key.replace(/\.adapters\.[^.]+\./, ".adapters.*.");

describe.each(foreignCases(library))("$name on $model", ({ name, model }) => {
  const files = filesOf(name, model);
  const expected = readTensors(library, name, model, "expected.safetensors");
  const logits = expected.get("logits")!.data as Float32Array;

  test("read here, it gives the logits that it gives there", async () => {
    const plain = readTensors("models", model, "expected.safetensors").get("logits")!.data as Float32Array;
    expect(worstDifference(logits, plain)).toBeGreaterThan(0.05);
    const adapter = readAdapterHub(files, await baseOf(model));
    expect(adapter.method).toBe(hubMethodOf(files.config));
    expect(worstDifference(await logitsOf(model, adapter, expected), logits)).toBeLessThan(1e-4);
  });

  test("written again, it is what the library wrote", async () => {
    const base = await baseOf(model);
    const written = writeAdapterHub(readAdapterHub(files, base), base, origin(model));
    expect({ ...written.config, name: files.config["name"] }).toEqual(files.config);
    expect(written.headConfig).toEqual(readJson(library, name, model, "head_config.json"));
    for (const part of ["tensors", "head"] as const) {
      const there = new Map([...files[part]].map(([key, value]) => [anonymous(key), value]));
      const here = new Map([...written[part]].map(([key, value]) => [anonymous(key), value]));
      expect([...here.keys()].toSorted()).toEqual([...there.keys()].toSorted());
      for (const [key, value] of there) expect(here.get(key), key).toEqual(value);
    }
  });
});

describe("an adapter begun here", () => {
  const begin = async (method: string, given: Readonly<Record<string, unknown>>, model = "bert-classification") => {
    const base = await baseOf(model);
    const options = methodOptions(methodOf(method), given);
    const adapted = adapt({ ...base, attachment: methodOf(method).attach(base.specs, options, random(0)) });
    return writeAdapterHub({ method, options, tensors: adapterTensors(adapted) }, base, origin("bert-classification"));
  };

  test.each([1, 2, 3, 5, 7, 16])("of %i inside has a factor that comes to that", async (size) => {
    const { config } = await begin("houlsby", { bottleneck_size: size });
    expect(Math.floor(16 / (config["config"] as { reduction_factor: number }).reduction_factor)).toBe(size);
  });

  test("is refused for a family whose places in the library are not known", async () => {
    await expect(begin("pfeiffer", {}, "llama-classification")).rejects.toThrow(
      new Error("adapters: where they stand in a model of type llama is not known, expected bert or roberta"),
    );
  });

  test("keeps with the head what is trained beside it: norms, and BERT's pooler", async () => {
    const { head } = await begin("houlsby", {});
    expect([...head.keys()]).toEqual(
      expect.arrayContaining(["bert.encoder.layer.0.output.LayerNorm.weight", "bert.pooler.dense.weight"]),
    );
  });

  test("is refused where the format has no word for it", async () => {
    const targets = ["layer.0.output.dense", "layer.1.attention.output.dense"];
    await expect(begin("pfeiffer", { target_modules: targets })).rejects.toThrow(
      "target_modules: adapters are in other places from layer to layer, and the format has no word for it",
    );
    await expect(begin("lora", {})).rejects.toThrow(
      "lora: is no bottleneck adapter, expected one of parallel_adapter, pfeiffer, houlsby",
    );
  });
});

test.each([
  [{ non_linearity: "swish" }, 'non_linearity: "swish", which is not supported (expected "relu")'],
  [{ use_gating: true }, "use_gating: true, which is not supported (expected false)"],
  [{ scaling: 2 }, "scaling: 2, which is not supported (expected 1)"],
])("%j is refused", async (change, message) => {
  const files = filesOf("pfeiffer", "bert-classification");
  const config = { ...files.config, config: { ...(files.config["config"] as object), ...change } };
  const base = await baseOf("bert-classification");
  expect(() => readAdapterHub({ ...files, config }, base)).toThrow(new Error(message));
});
