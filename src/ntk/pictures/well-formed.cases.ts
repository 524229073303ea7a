/** A strict reader of the XML that pictures and reports are, for their tests. */

export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Node | string)[];
}

const token =
  /<!DOCTYPE html>|<(\/?)([A-Za-z][\w-]*)((?: [\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)(\/?)>|([^<&>]|&(?:amp|lt|gt|quot|#39);)+/y;
const attribute = / ([\w:-]+)="([^"]*)"/g;
const characters: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const unescaped = (text: string) => text.replace(/&([^;]+);/g, (_, name: string) => characters[name]!);

/** The root element. @throws Error at the first character that is not well-formed, or of a tag that is not its element's */
export function parseXml(text: string): Node {
  const open: { name: string; attributes: Record<string, string>; children: (Node | string)[] }[] = [
    { name: "", attributes: {}, children: [] },
  ];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null) throw new Error(`not well-formed at ${at}: ${text.slice(at, at + 60)}`);
    const [whole, slash, name, attributes, empty] = found;
    const parent = open.at(-1)!;
    if (name === undefined) {
      if (!whole.startsWith("<!")) parent.children.push(unescaped(whole));
    } else if (slash === "/") {
      if (open.pop()!.name !== name) throw new Error(`</${name}> at ${at} closes another element`);
    } else {
      const pairs = [...attributes!.matchAll(attribute)].map(([, key, value]) => [key!, unescaped(value!)] as const);
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`an attribute twice at ${at}`);
      const node = { name, attributes: Object.fromEntries(pairs), children: [] };
      parent.children.push(node);
      if (empty !== "/") open.push(node);
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is never closed`);
  const [root, ...others] = open[0]!.children.filter((child) => typeof child !== "string" || child.trim() !== "");
  if (root === undefined || typeof root === "string" || others.length > 0) throw new Error("not one root element");
  return root;
}

/** All elements of that name below a node, in their order. */
export function elements(node: Node, name: string): Node[] {
  return node.children.flatMap((child) =>
    typeof child === "string" ? [] : [...(child.name === name ? [child] : []), ...elements(child, name)],
  );
}

/** All text below a node. */
export function textOf(node: Node): string {
  return node.children.map((child) => (typeof child === "string" ? child : textOf(child))).join("");
}

/** Names as nobody should choose them. */
export const hostile: readonly string[] = [
  "<script>alert(1)</script>",
  `"quoted" & 'single'`,
  "]]>--><!--",
  "a\u0000\u001b[31m\ud800b",
  "数据集 🙂 ".repeat(20),
  "",
];
