import { expect, test } from "vitest";
import { parse as parseCsv } from "csv-parse/sync";
import { cleanBody, cleanSubject } from "./clean.ts";
import { htmlToText, looksLikeHtml } from "./html.ts";
import { csv, parseMail } from "./mails.ts";

const latin1 = (lines: readonly string[]) => Buffer.from(lines.join("\r\n"), "latin1");

test("a plain mail gives its subject and its text", async () => {
  const mail = await parseMail(latin1(["Subject: Lunch", "", "At one,", "as ever?"]));
  expect(mail).toEqual({ subject: "Lunch", text: "Lunch. At one, as ever?" });
});

test("of a mail with both, the plain text is read; base64 and quoted-printable are undone", async () => {
  const mail = await parseMail(
    latin1([
      "Subject: =?iso-8859-1?Q?Caf=E9?=",
      'Content-Type: multipart/alternative; boundary="b"',
      "",
      "--b",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64",
      "",
      Buffer.from("crème brûlée").toString("base64"),
      "--b",
      "Content-Type: text/html",
      "",
      "<p>not this</p>",
      "--b--",
    ]),
  );
  expect(mail.text).toBe("Café. crème brûlée");
});

test("of a mail that is HTML only, the text is read", async () => {
  const header = ["Subject: Sale", "Content-Type: text/html", "Content-Transfer-Encoding: quoted-printable", ""];
  const mail = await parseMail(
    latin1([...header, "<html><p style=3D'x'>50 =", "percent</p><p>off &amp; more</p></html>"]),
  );
  expect(mail.text).toBe("Sale. 50 percent off & more");
});

test("HTML that calls itself plain text is read as HTML", async () => {
  const mail = await parseMail(latin1(["Subject: Sale", "", "<html><body><p>half off</p></body></html>"]));
  expect(mail.text).toBe("Sale. half off");
});

test("an empty plain part gives way to the HTML", async () => {
  const parts = [
    "--b",
    "Content-Type: text/plain",
    "",
    "  ",
    "--b",
    "Content-Type: text/html",
    "",
    "<p>look</p>",
    "--b--",
  ];
  const mail = await parseMail(
    latin1(["Subject: Hi", 'Content-Type: multipart/alternative; boundary="b"', "", ...parts]),
  );
  expect(mail.text).toBe("Hi. look");
});

test("bytes without a character set are UTF-8 where they can be, else Latin-1", async () => {
  const text = ["Subject: Élections", "", "à l'été"];
  expect((await parseMail(latin1(text))).text).toBe("Élections. à l'été");
  expect((await parseMail(Buffer.from(text.join("\n"), "utf8"))).text).toBe("Élections. à l'été");
});

test("a character set that is named is used", async () => {
  const header = Buffer.from("Subject: x\nContent-Type: text/plain; charset=koi8-r\n\n");
  expect((await parseMail(Buffer.concat([header, Buffer.from([0xd0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4])]))).text).toBe(
    "x. привет",
  );
});

test("of the headers only the subject is seen", async () => {
  const telling = [
    "X-Spam-Status",
    "X-Spam-Flag",
    "Received",
    "List-Id",
    "Date",
    "From",
    "To",
    "Sender",
    "X-Mailer",
    "Return-Path",
  ];
  const headers = telling.map((name) => `${name}: telling-${name}`);
  const mail = await parseMail(latin1([...headers, "Subject: Lunch", "", "At one?"]));
  expect(mail.text).toBe("Lunch. At one?");
});

test("a long mail is cut after a whole word", async () => {
  const { text } = await parseMail(latin1(["Subject: s", "", "wordy ".repeat(500)]));
  expect(text).toMatch(/^s\.( wordy)+$/);
  expect(text.length).toBeGreaterThan(650);
  expect(text.length).toBeLessThanOrEqual(700);
});

test.for([
  ["Re: [ILUG] Sysadmin wanted", "Sysadmin wanted"],
  ["[SAtalk] Re: [SAdev] Re[2]: Fwd: rules", "rules"],
  ["Yast (was: Re: SuSE 8)", "Yast"],
  ["Life insurance?          ydbqg", "Life insurance?"],
  ["zzzz, you won", ", you won"],
  ["Reorder now", "Reorder now"],
] as const)("subject %s", ([subject, expected]) => {
  expect(cleanSubject(subject)).toBe(expected);
});

const rule = "_".repeat(47);
const dashes = "-".repeat(55);
test.for([
  ["a signature", "Yes.\n-- \nJoe, list maintainer", "Yes."],
  ["a list's footer", `Yes.\n${rule}\nFork mailing list\nhttp://a.b/mailman/listinfo/fork`, "Yes."],
  ["a host's advertisement", `Yes.\n${dashes}\nThis sf.net email is sponsored by: X\nBuy`, "Yes."],
  ["a group's footer", "Yes.\n------------------ Yahoo! Groups Sponsor -----~-->\nFree", "Yes."],
  ["the mail answered", "Yes.\n-----Original Message-----\nFrom: a\nNo?", "Yes."],
  ["a link to a list", "Yes.\nhttp://xent.com/mailman/listinfo/fork", "Yes."],
  ["quotations", "On Mon, 1 Jul 2002, Al wrote:\n> No?\n  JB> Or?\nYes.\n| Why?", "Yes."],
  ["an attribution over two lines", "On Mon, Jul 01, 2002 at 01:41:30PM +0100,\nAl Jones wrote:\nYes.", "Yes."],
  ["a feed's address and date", "URL: http://a.b/c\nDate: Not supplied\n\nNews [1].\n\n[1] http://a.b", "News . link"],
  ["addresses", "Write to joe.x@a.b.com or see http://a.b/?q=1 or www.a.b.", "Write to address or see link or link"],
  ["PGP", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nYes.\n-----BEGIN PGP SIGNATURE-----\nabc", "Yes."],
] as const)("a body loses %s", ([, body, expected]) => {
  expect(cleanBody(body)).toBe(expected);
  expect(cleanBody(body.replaceAll("\n", "\r\n"))).toBe(expected);
});

test("HTML: what is hidden goes, inline tags leave no gap, blocks do, entities are characters", () => {
  const html =
    "<html><head><title>t</title></head><style>p{}</style>V<!-- x -->ia<b>gr</b>a<br>1 &lt; 2&nbsp;&#8364;&#x21; &bogus;";
  expect(htmlToText(html).trim()).toBe("Viagra\n1 < 2\u00a0€! &bogus;");
});

test("a few angle brackets do not make a mail HTML", () => {
  expect(looksLikeHtml("if a<b and <p> is meant")).toBe(false);
  expect(looksLikeHtml("<html><body><p>x")).toBe(true);
});

test("the CSV file is read back as it was", () => {
  const mails = [
    { id: "a", label: "ham", subject: "", text: 'says "no", twice' },
    { id: "b", label: "spam", subject: "", text: "plain" },
  ] as const;
  const rows: unknown = parseCsv(csv(mails), { columns: true });
  expect(rows).toEqual(mails.map(({ text, label }) => ({ text, label })));
});
