import { describe, expect, test } from "vitest";
import { random } from "./random.ts";
import {
  allocate,
  bytesPerElement,
  type DType,
  fromBfloat16,
  fromFloat16,
  toBfloat16,
  toFloat16,
  viewAs,
} from "./dtype.ts";

const words = new DataView(new ArrayBuffer(4));
const float32 = (bits: number) => {
  words.setUint32(0, bits);
  return words.getFloat32(0);
};

/** The value of a format's bits, by moving them to where float32 has sign, exponent and fraction. */
const formats = {
  float16: {
    from: fromFloat16,
    to: toFloat16,
    infinity: 0x7c00,
    nan: 0x7e00,
    value: (bits: number) => {
      const sign = bits & 0x8000 ? 0x8000_0000 : 0;
      const rest = bits & 0x7fff;
      if (rest >= 0x7c00) return float32(sign + 0x7f80_0000 + ((rest & 0x3ff) << 13));
      // A float32 of the same fraction with its exponent 112 too small; the product is exact, for subnormals too.
      return float32(sign + (rest << 13)) * 2 ** 112;
    },
  },
  bfloat16: {
    from: fromBfloat16,
    to: toBfloat16,
    infinity: 0x7f80,
    nan: 0x7fc0,
    value: (bits: number) => float32(bits * 0x1_0000),
  },
};

describe.each(Object.entries(formats))("%s", (_, { from, to, infinity, nan, value }) => {
  const patterns = Array.from({ length: 0x1_0000 }, (_, bits) => bits);

  test("every bit pattern has the value that its parts say", () => {
    const wrong = patterns.filter((bits) => !Object.is(from(bits), value(bits)));
    expect(wrong).toEqual([]);
  });

  test("every bit pattern survives the way there and back; NaN becomes the quiet one", () => {
    const wrong = patterns.filter((bits) => to(from(bits)) !== (Number.isNaN(value(bits)) ? nan : bits));
    expect(wrong).toEqual([]);
    expect(patterns.filter((bits) => Number.isNaN(from(bits)))).toHaveLength(2 * (0x7fff - infinity));
  });

  /** Finite magnitudes in order; infinity stands where the next one would be. */
  const ladder = Array.from({ length: infinity }, (_, bits) => value(bits));
  ladder.push(2 * ladder[infinity - 1]! - ladder[infinity - 2]!);

  test("midway between neighbours goes to the even one, beside it to the nearer one", () => {
    const wrong = patterns.slice(0, infinity).filter((bits) => {
      const [low, high] = [ladder[bits]!, ladder[bits + 1]!];
      const middle = (low + high) / 2;
      const near = (high - low) / 4;
      const even = bits % 2 === 0 ? bits : bits + 1;
      return (
        to(middle) !== even ||
        to(-middle) !== even + 0x8000 ||
        to(middle - near) !== bits ||
        to(middle + near) !== bits + 1
      );
    });
    expect(wrong).toEqual([]);
  });

  test("random numbers of every magnitude go to the nearest", () => {
    const { uniform, integer } = random(0, "halves");
    for (let i = 0; i < 20_000; i++) {
      const x = Math.fround(ladder[integer(infinity)]! * (0.5 + uniform()));
      const bits = to(x);
      const distance = (at: number) => (at < 0 || at > infinity ? Infinity : Math.abs(ladder[at]! - x));
      expect(distance(bits), `${x}`).toBeLessThanOrEqual(Math.min(distance(bits - 1), distance(bits + 1)));
    }
  });

  test.each([
    ["the largest", (ladder[infinity - 1]! + ladder[infinity]!) / 2, infinity],
    ["infinity", Infinity, infinity],
    ["minus infinity", -Infinity, infinity + 0x8000],
    ["1e300", 1e300, infinity],
    ["minus zero", -0, 0x8000],
    ["less than half the smallest", ladder[1]! / 4, 0],
    ["not a number", NaN, nan],
  ])("the end of the range: %s", (_, x, bits) => expect(to(x)).toBe(bits));
});

describe("arrays", () => {
  test.each<[DType, number, string]>([
    ["float64", 8, "Float64Array"],
    ["float32", 4, "Float32Array"],
    ["float16", 2, "Uint16Array"],
    ["bfloat16", 2, "Uint16Array"],
    ["int64", 8, "BigInt64Array"],
    ["int32", 4, "Int32Array"],
    ["int16", 2, "Int16Array"],
    ["int8", 1, "Int8Array"],
    ["uint64", 8, "BigUint64Array"],
    ["uint32", 4, "Uint32Array"],
    ["uint16", 2, "Uint16Array"],
    ["uint8", 1, "Uint8Array"],
    ["bool", 1, "Uint8Array"],
  ])("%s", (dtype, bytes, name) => {
    expect(bytesPerElement(dtype)).toBe(bytes);
    const made = allocate(dtype, 3);
    expect([made.constructor.name, made.length, Number(made[2])]).toEqual([name, 3, 0]);
    const view = viewAs(dtype, made.buffer, bytes, 2);
    expect([view.constructor.name, view.length, view.buffer === made.buffer]).toEqual([name, 2, true]);
    expect(view.byteOffset).toBe(bytes);
  });
});

test("a double beside the middle of two bfloat16 goes to its own side", () => {
  const middle = 1 + 2 ** -8;
  expect(fromBfloat16(toBfloat16(middle + 2 ** -40))).toBe(1 + 2 ** -7);
  expect(fromBfloat16(toBfloat16(middle - 2 ** -40))).toBe(1);
  expect(fromBfloat16(toBfloat16(-middle - 2 ** -40))).toBe(-1 - 2 ** -7);
});
