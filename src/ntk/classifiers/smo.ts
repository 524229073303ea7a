/** The soft-margin problem by sequential minimal optimisation, as libsvm solves it (Fan, Chen & Lin 2005, WSS 2). */

/** f(x) = Σᵢ coefficientsᵢ·k(x, xᵢ) + intercept */
export interface SupportVectors {
  /** yᵢ·αᵢ */
  readonly coefficients: Float64Array;
  readonly intercept: number;
}

/** By how much the optimality conditions, which are about values of f next to ±1, may be missed. */
const TOLERANCE = 1e-6;
/** libsvm's limit, which only kernels far from positive semidefinite come near. */
const ITERATIONS = 10_000_000;
/** What a curvature that is not positive counts as, relative to the largest entry of the kernel. */
const FLAT = 1e-12;

/**
 * The α with 0 ≤ αᵢ ≤ `cost` and Σ yᵢαᵢ = 0 that minimise ½·Σᵢⱼ yᵢyⱼαᵢαⱼkᵢⱼ − Σ (1 − yᵢoᵢ)·αᵢ: the dual of
 * ½‖f‖² + cost·Σ max(0, 1 − yᵢ(f(xᵢ) + oᵢ)), where oᵢ is an offset that is given.
 * @param kernel [n, n], row-major, symmetric
 * @param signs yᵢ, 1 or −1, both present
 */
export function supportVectors(
  kernel: Float64Array,
  signs: Float64Array,
  offsets: Float64Array,
  cost: number,
): SupportVectors {
  const n = signs.length;
  const flat = FLAT * kernel.reduce((largest, value) => Math.max(largest, Math.abs(value)), Number.MIN_VALUE);
  const alpha = new Float64Array(n);
  /** yᵢ − oᵢ − Σⱼ yⱼαⱼkᵢⱼ, −yᵢ times the gradient: what the intercept would have to be for xᵢ to lie on its margin. */
  const margins = signs.map((sign, i) => sign - offsets[i]!);
  for (let k = 0; k < ITERATIONS; k++) {
    const pair = violatingPair(kernel, signs, alpha, margins, cost, flat);
    if (!pair) break;
    const { i, j, curvature } = pair;
    const room = Math.min(roomUp(signs[i]!, alpha[i]!, cost), roomDown(signs[j]!, alpha[j]!, cost));
    const change = Math.min((margins[i]! - margins[j]!) / curvature, room);
    alpha[i] = within(alpha[i]! + signs[i]! * change, cost);
    alpha[j] = within(alpha[j]! - signs[j]! * change, cost);
    for (let t = 0; t < n; t++) margins[t]! -= change * (kernel[i * n + t]! - kernel[j * n + t]!);
  }
  return {
    coefficients: alpha.map((value, i) => value * signs[i]!),
    intercept: interceptOf(signs, alpha, margins, cost),
  };
}

/** How far yᵢαᵢ may rise, and how far it may fall. */
function roomUp(sign: number, alpha: number, cost: number): number {
  return sign > 0 ? cost - alpha : alpha;
}
function roomDown(sign: number, alpha: number, cost: number): number {
  return sign > 0 ? alpha : cost - alpha;
}

/** Within 0 and `cost`; what lies next to a bound by rounding is on it. */
function within(alpha: number, cost: number): number {
  if (alpha < cost * 1e-15) return 0;
  return alpha > cost * (1 - 1e-15) ? cost : alpha;
}

/**
 * i: where yα may rise and the margin is highest; j: where it may fall and the two together lower the function most by
 * its second-order approximation. Nothing where the conditions hold.
 */
function violatingPair(
  kernel: Float64Array,
  signs: Float64Array,
  alpha: Float64Array,
  margins: Float64Array,
  cost: number,
  flat: number,
): { i: number; j: number; curvature: number } | undefined {
  const n = signs.length;
  let i = -1;
  for (let t = 0; t < n; t++) if (roomUp(signs[t]!, alpha[t]!, cost) > 0 && (i < 0 || margins[t]! > margins[i]!)) i = t;
  if (i < 0) return undefined;
  let [j, best, chosen, worst] = [-1, 0, 0, 0];
  for (let t = 0; t < n; t++) {
    const violation = margins[i]! - margins[t]!;
    if (!(violation > 0) || !(roomDown(signs[t]!, alpha[t]!, cost) > 0)) continue;
    worst = Math.max(worst, violation);
    const curvature = Math.max(kernel[i * n + i]! + kernel[t * n + t]! - 2 * kernel[i * n + t]!, flat);
    if (j < 0 || (violation * violation) / curvature > best)
      [j, best, chosen] = [t, (violation * violation) / curvature, curvature];
  }
  return worst < TOLERANCE ? undefined : { i, j, curvature: chosen };
}

/** The mean of what the examples between the bounds ask for; without such, the middle of what the others allow. */
function interceptOf(signs: Float64Array, alpha: Float64Array, margins: Float64Array, cost: number): number {
  const free = margins.filter((_, t) => alpha[t]! > 0 && alpha[t]! < cost);
  if (free.length > 0) return free.reduce((sum, value) => sum + value, 0) / free.length;
  let [low, high] = [-Infinity, Infinity];
  margins.forEach((margin, t) => {
    if (roomUp(signs[t]!, alpha[t]!, cost) > 0) low = Math.max(low, margin);
    if (roomDown(signs[t]!, alpha[t]!, cost) > 0) high = Math.min(high, margin);
  });
  return (low + high) / 2;
}
