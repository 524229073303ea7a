import { expect, test } from "vitest";
import { parseTemplate, textsIn } from "./template.ts";

test.each<[string, string]>([
  ["*cls**sent_0*_It_was*mask*.*sep+*", "cls [one] ' It was' mask '.' sep"],
  ["*cls**sent-_0*?*mask*,*+sentl_1**sep+*", "cls [On] '?' mask ',' [ two] sep"],
  ["*cls**sentl_0**sep+**mask*:*sentu_1**sep*", "cls [one] sep mask ':' [Two] sep"],
  ["*sentl-_0**mask**+sentu_1*", "[on] mask [ Two]"],
  ["Review:_*sent_0*_*mask*", "'Review: ' [one] ' ' mask"],
])("reads %s", (template, expected) => {
  const texts = ["One", "two"];
  if (template.includes("*sent_0*")) texts[0] = "one";
  const parts = parseTemplate(template);
  const spelt = parts.map((part) => {
    if ("special" in part) return part.special;
    return "text" in part ? `[${part.read(texts[part.text]!)}]` : `'${part.words}'`;
  });
  expect(spelt.join(" ")).toBe(expected);
});

test("a segment ends behind sep+, and with it begins the second", () => {
  const segments = (template: string) => parseTemplate(template).map(({ segment }) => segment);
  expect(segments("*cls**sent_0**sep+**mask**sent_1**sep+*")).toEqual([0, 0, 0, 1, 1, 1]);
  expect(segments("*cls**sent_0**sep**mask**sep+*")).toEqual([0, 0, 0, 0, 0]);
});

test("counts the texts it reads", () => {
  expect(textsIn(parseTemplate("*mask**sent_0*"))).toBe(1);
  expect(textsIn(parseTemplate("*sent_1**mask*"))).toBe(2);
});

test("an empty text stays empty, whatever is done to its first and last character", () => {
  const parts = parseTemplate("*sent-_0**sentl_0**sentu-_0**mask*");
  expect(parts.flatMap((part) => ("text" in part ? [part.read("")] : []))).toEqual(["", "", ""]);
});

test.each<[string, string]>([
  ["", 'template: no mask in "", expected one *mask*'],
  ["*cls**.**sep*", 'template: a part called "." in "*cls**.**sep*", expected cls, mask, sep, sep+ or a text'],
  ["*cls**sent_0*_It_was.*sep+*", "template: no mask in"],
  ["*sent_0**mask**mask*", "template: 2 masks in"],
  ["*cls*_It_was*mask*", "template: no text in"],
  ["*cls**sent_0*mask*", "template: an odd number of asterisks in"],
  ["*sent0**mask*", 'template: a part called "sent0" in'],
  ["*label_0**sent_0**mask*", 'template: a part called "label_0" in'],
  ["**sent_0**mask*", "template: an odd number of asterisks in"],
  ["*sent_0**sep+**mask**sep+**sent_1*", "template: a third segment in"],
])("refuses %s", (template, message) => expect(() => parseTemplate(template)).toThrow(message));
