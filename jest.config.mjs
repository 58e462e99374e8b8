/** Jest in ESM: Octokit's packages are ESM only, so modules are never turned into CommonJS. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  injectGlobals: false,
  maxWorkers: 2,
  testTimeout: 60_000,
};
