/** SVG and HTML as strings: elements whose attributes and text are escaped, and the frame every picture stands in. */

import { shortened } from "./wording.ts";

/** A piece of markup, safe to stand inside an element. */
export type Markup = string;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `<name …>children</name>`; an attribute that is undefined is left out. Children are markup: text goes through `escaped`. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? rounded(value) : escaped(value!)}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in markup; characters that XML does not have become U+FFFD. */
export function escaped(text: string): Markup {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A coordinate to the hundredth of a pixel. */
export function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Of text and of lines: a grey that can be read on white and on black; a page may set its own for `.ntk-ink` and `.ntk-rule`. */
export const ink = { class: "ntk-ink", fill: "#737a82" } as const;
export const rule = { class: "ntk-rule", stroke: "#737a82" } as const;

export const fontSize = 12;
export const titleSize = 14;
const fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Drawn above the picture, and its accessible name. */
  readonly title: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
}

/** Where the title's line of a picture ends and its content may begin. */
export const titleHeight = 30;

/** A whole picture, transparent, which stands in a file of its own as well as in a page. */
export function picture({ width, height, title, description }: Frame, ...content: readonly Markup[]): Markup {
  const size = { width: Math.ceil(width), height: Math.ceil(height) };
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      ...size,
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: "img",
      "aria-label": title,
      "font-family": fonts,
      "font-size": fontSize,
    },
    element("title", {}, escaped(title)),
    element("desc", {}, escaped(description)),
    label(title, { x: 0, y: titleSize + 2, "font-size": titleSize, "font-weight": 600 }),
    ...content,
  );
}

/** A line of text. */
export function label(text: string, attributes: Attributes): Markup {
  return element("text", { ...ink, ...attributes }, escaped(text));
}

/** A line of text as long as the width allows; where that is not all, the whole appears under the pointer. */
export function fittedLabel(text: string, width: number, attributes: Attributes): Markup {
  const fitted = shortened(text, width, fontSize);
  const whole = fitted === text ? "" : tooltip(text);
  return element("text", { ...ink, ...attributes }, whole, escaped(fitted));
}

/** A text that appears where the pointer rests on the element that it stands in. */
export function tooltip(text: string): Markup {
  return element("title", {}, escaped(text));
}
