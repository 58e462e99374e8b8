/** Makes the functions' bundles: `dist/<function>/index.mjs` is all that a function's zip holds. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as esbuild, type Metafile, type Plugin } from 'esbuild';

/** The service. */
export const FUNCTIONS = ['webhook', 'scaler', 'registrar', 'janitor'] as const;
/** The service, and what only a deployed stack has: CloudFormation asks it before it removes anything. */
export const DEPLOYED_FUNCTIONS = [...FUNCTIONS, 'guard'] as const;

export type Bundle = { name: string; file: string; bytes: number };
export type BuildOptions = {
  /** Directory for the bundles; what went into each is in `meta/<function>.json` there, outside of what is zipped. */
  outdir: string;
  /** Entry file by name; everything that is deployed by default. */
  functions?: Readonly<Record<string, string>>;
};

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles each function for itself. Throws with esbuild's messages when one cannot be built. */
export async function build(options: BuildOptions): Promise<Bundle[]> {
  await mkdir(join(options.outdir, 'meta'), { recursive: true });
  const entries = Object.entries(options.functions ?? deployedFunctions());
  return Promise.all(entries.map(([name, entry]) => bundle(options.outdir, name, entry)));
}

async function bundle(outdir: string, name: string, entry: string): Promise<Bundle> {
  const file = join(outdir, name, 'index.mjs');
  const { metafile } = await esbuild({
    entryPoints: [entry],
    outfile: file,
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The SDK's CommonJS files call `require` at run time, which an ES module does not have, and cannot be tree-shaken.
    mainFields: ['module', 'main'],
    alias: {
      '@aws-sdk/credential-provider-node': join(root, 'lib/live/lambda-credentials.ts'),
      '@smithy/core/event-streams': join(root, 'lib/live/event-streams.ts'),
    },
    plugins: [onlyTheVersion],
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
  });
  await writeFile(join(outdir, 'meta', `${name}.json`), JSON.stringify(metafile));
  return { name, file, bytes: sizeBytes(metafile) };
}

/** Each SDK client imports its whole `package.json` to name its version in the user agent: 2 kB each. */
const onlyTheVersion: Plugin = {
  name: 'only-the-version',
  setup(builder) {
    builder.onLoad({ filter: /@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

function deployedFunctions(): Record<string, string> {
  return Object.fromEntries(DEPLOYED_FUNCTIONS.map((name) => [name, join(root, 'functions', `${name}.ts`)]));
}

function sizeBytes(metafile: Metafile): number {
  return Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
}

if (import.meta.main) {
  const bundles = await build({ outdir: join(root, 'dist') });
  for (const { name, bytes } of bundles) process.stdout.write(`${name.padEnd(10)} ${Math.ceil(bytes / 1000)} kB\n`);
}
