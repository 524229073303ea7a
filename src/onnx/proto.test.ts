import { expect, test } from "vitest";
import { readModel } from "../../test/onnx-reader.ts";
import * as proto from "./proto.ts";

const node = {
  op: "Gemm",
  domain: "com.microsoft",
  inputs: ["x", "", "größe"],
  outputs: ["y", "", "z"],
  attributes: {
    zero: { int: 0 },
    large: { int: 2 ** 53 - 1 },
    negative: { int: -1 },
    epsilon: { float: 1e-12 },
    mode: { string: "add" },
    perm: { ints: [0, -2, 300, 2 ** 40] },
    none: { ints: [] },
  },
} as const;

test("what is written is read again, field by field", () => {
  const dims = ["batch", 0, 1, 127, 128, 2 ** 33] as const;
  const data = Uint8Array.from({ length: 300 }, (_, i) => i);
  const model = proto.model(
    [
      proto.node({ ...node, outputs: [...node.outputs] }),
      ...proto.initializer("weights", "float32", [3, 25], data),
      ...proto.initializer("none", "int64", [0], new Uint8Array()),
      proto.graphInput("x", "bool", dims),
      proto.graphInput("scalar", "float32", []),
      proto.graphOutput("y", "int64", dims),
    ],
    10,
    { "": 21, "com.microsoft": 1 },
  );
  expect(readModel(proto.concat(model))).toEqual({
    irVersion: 10,
    opsets: { "": 21, "com.microsoft": 1 },
    nodes: [
      {
        ...node,
        attributes: {
          zero: 0,
          large: 2 ** 53 - 1,
          negative: -1,
          epsilon: Math.fround(1e-12),
          mode: "add",
          perm: [0, -2, 300, 2 ** 40],
          none: [],
        },
      },
    ],
    initializers: [
      { name: "weights", type: 1, shape: [3, 25], data },
      { name: "none", type: 7, shape: [0], data: new Uint8Array() },
    ],
    inputs: [
      { name: "x", type: 9, shape: dims },
      { name: "scalar", type: 1, shape: [] },
    ],
    outputs: [{ name: "y", type: 7, shape: dims }],
  });
});

test("numbers take as few bytes as protobuf's format allows", () => {
  const dimensions = "0a 02 08 7f  0a 03 08 80 01";
  const type = `08 01  12 09 ${dimensions}`;
  const input = `5a 14  0a 01 78  12 0f  0a 0d ${type}`;
  expect(proto.graphInput("x", "float32", [127, 128])).toEqual(
    Uint8Array.from(input.split(/ +/), (byte) => Number.parseInt(byte, 16)),
  );
});

test("concat puts bytes one after another", () => {
  expect(proto.concat([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)])).toEqual(Uint8Array.of(1, 2, 3));
  expect(proto.concat([])).toEqual(new Uint8Array());
});

test("a model of 2 GiB is refused, since protobuf ends there", () => {
  const weights = new Uint8Array(2 ** 31);
  expect(() => proto.model(proto.initializer("weights", "uint8", [2 ** 31], weights), 10, { "": 21 })).toThrow(
    /^an ONNX model of 21474837\d\d bytes, expected at most 2147483647, the limit of protobuf$/,
  );
});
