import { defineConfig, type ViteUserConfig } from "vitest/config";
import { CountReporter } from "./scripts/count-reporter.ts";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["{src,test,examples}/**/*.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    reporters: ["default", new CountReporter()],
  },
});
export default config;
