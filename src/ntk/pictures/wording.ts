/** Words and numbers as pictures and tables have them. */

/** How wide a text is at most, in pixels, in the wider of the common sans-serif fonts. */
export function textWidth(text: string, size: number): number {
  return [...text].reduce((width, character) => width + size * (character < "\u2E80" ? 0.64 : 1), 0);
}

/** The text where it fits, else as much of its start as does with an ellipsis. */
export function shortened(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** What cannot be measured, such as an alignment with labels that are all the same. */
export const absent = "–";

/** With so many significant digits, or all of a whole number below a million; beyond, and near 0, times a power of ten. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return absent;
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  if (exponent < -4 || exponent > 5) {
    const [mantissa] = value.toExponential(digits - 1).split("e");
    return `${mantissa} × ${powerOfTen(exponent)}`.replace("-", "−");
  }
  if (exponent >= 3) return formatCount(Math.round(value)).replace("-", "−");
  return value.toFixed(Math.max(0, digits - 1 - exponent)).replace("-", "−");
}

/** 1234567 → 1,234,567. */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US");
}

/** With so many decimals. */
export function formatFixed(value: number, decimals: number): string {
  return value.toFixed(decimals).replace("-", "−");
}

const superscripts = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];

/** -3 → 10⁻³. */
export function powerOfTen(exponent: number): string {
  return `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join("")}`;
}
