import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { slidingLayers } from "./qwen2.ts";
import { modelOf } from "./registry.ts";

const where = "model/config.json";
const { config } = fixtureModel("qwen2-classification");

test("query, key and value have biases", () => {
  const names = specsOf(modelOf(config, where), "sequence-classification").map(({ name }) => name);
  const biases = names.filter((name) => name.startsWith("model.layers.0.") && name.endsWith(".bias"));
  expect(biases).toEqual(["q_proj", "k_proj", "v_proj"].map((module) => `model.layers.0.self_attn.${module}.bias`));
});

describe("windows", () => {
  const [sliding, full] = ["sliding_attention", "full_attention"];
  const layers = { num_hidden_layers: 3, sliding_window: 5 };

  test.each<[object, readonly boolean[]]>([
    [{ use_sliding_window: true, max_window_layers: 1 }, [false, true, true]],
    [{ use_sliding_window: true, max_window_layers: 0 }, [true, true, true]],
    [{ use_sliding_window: true }, [false, false, false]],
    [{ use_sliding_window: true, max_window_layers: 1, layer_types: [sliding, full, full] }, [true, false, false]],
    [{ use_sliding_window: true, max_window_layers: 1, layer_types: null }, [false, true, true]],
  ])("%j: which layers have them", (fields, expected) => {
    const { window, inLayer } = slidingLayers({ ...layers, ...fields }, where).sliding!;
    expect(window).toBe(5);
    expect(expected.map((_, layer) => inLayer(layer))).toEqual(expected);
  });

  test.each([
    {},
    { use_sliding_window: false, max_window_layers: 0 },
    { use_sliding_window: true, sliding_window: null, max_window_layers: 0 },
    { layer_types: [full, full, full] },
  ])("%j: no layer has one", (fields) => {
    expect(slidingLayers({ ...layers, ...fields }, where)).toEqual({});
  });

  test.each<[object, string]>([
    [{ layer_types: [full] }, "layer_types: expected one for each of num_hidden_layers"],
    [
      { layer_types: [full, full, sliding] },
      "layer_types: sliding_attention, expected use_sliding_window and sliding_window with it",
    ],
    [
      { layer_types: [full, "chunked_attention", full] },
      'layer_types.1: Invalid option: expected one of "full_attention"|"sliding_attention"',
    ],
    [{ max_window_layers: -1 }, "max_window_layers: Too small: expected number to be >=0"],
  ])("%j is an error in one line", (fields, message) => {
    expect(() => slidingLayers({ ...layers, ...fields }, where)).toThrow(new Error(`${where}: ${message}`));
  });
});
