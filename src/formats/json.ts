/** What `JSON.parse` does not tell: where the members of a JSON object or array lie in its text. */

/** A string, object or array directly inside the outermost object or array. */
export interface Member {
  readonly begin: number;
  readonly end: number;
}

/**
 * The strings (the keys among them), objects and arrays one level inside the JSON value `text`, in order, as ranges of
 * `text`. Numbers, booleans and null are passed over. `text` must be valid JSON.
 */
export function* members(text: string): Generator<Member> {
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') {
      const end = endOfString(text, i);
      if (depth === 1) yield { begin: i, end };
      i = end - 1;
    } else if (character === "{" || character === "[") {
      if (depth === 1) begin = i;
      depth++;
    } else if (character === "}" || character === "]") {
      depth--;
      if (depth === 1) yield { begin, end: i + 1 };
    }
  }
}

function endOfString(text: string, begin: number): number {
  let i = begin + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i + 1;
}

/** Whether a JSON value is an object, not an array, null or a plain value. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
