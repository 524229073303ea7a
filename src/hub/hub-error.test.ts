import { expect, test } from "vitest";
import { hubEnvironment } from "./environment.ts";
import { hubError, HubUnreachable } from "./hub-error.ts";

const environment = hubEnvironment({ HF_ENDPOINT: "http://hub", HF_HOME: "/absent" });
const model = { id: "org/name", revision: "main", environment };
const withToken = { ...model, environment: { ...environment, token: "hf_x" } };

const answered = (statusCode: number) => Object.assign(new Error("what the hub said\nand more"), { statusCode });

test.each([
  [401, model, /^hub: no access to org\/name: .*set HF_TOKEN .*\(HTTP 401\)$/],
  [401, withToken, /^hub: the access token may not read org\/name: .* http:\/\/hub\/settings\/tokens .*\(HTTP 401\)$/],
  [
    403,
    withToken,
    /^hub: access to org\/name has not been granted; ask for it at http:\/\/hub\/org\/name, .*\(HTTP 403\)$/,
  ],
  [404, model, /^hub: no model org\/name with revision main at http:\/\/hub, .*\(HTTP 404\)$/],
  [429, model, /^hub: http:\/\/hub asks to slow down; .*\(HTTP 429\)$/],
  [503, model, /^hub: http:\/\/hub failed to answer for org\/name; try again later \(HTTP 503\)$/],
])("status %i", (status, asked, expected) => {
  expect(hubError(asked, answered(status)).message).toMatch(expected);
});

test("only a failed fetch means that the hub cannot be reached", () => {
  const failed = new TypeError("fetch failed", { cause: Object.assign(new Error(""), { code: "ENOTFOUND" }) });
  expect(hubError(model, failed)).toBeInstanceOf(HubUnreachable);
  expect(hubError(model, failed).message).toMatch(/^hub: cannot reach http:\/\/hub \(ENOTFOUND\); check the network/);
  expect(hubError(model, new TypeError("something else"))).not.toBeInstanceOf(HubUnreachable);
  expect(hubError(model, answered(503))).not.toBeInstanceOf(HubUnreachable);
});

test("an answer that is not a hub's, such as a page of HTML, is said to be so", () => {
  expect(hubError(model, new SyntaxError("Unexpected token '<',\n\"<html>\"")).message).toBe(
    `hub: http://hub gave an answer for org/name that is not a hub's (Unexpected token '<', "<html>"); check HF_ENDPOINT`,
  );
});
