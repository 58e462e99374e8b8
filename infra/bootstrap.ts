/** The command of every runner's container: it holds the whole bootstrap, so any image with a runner in it will do. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const folder = fileURLToPath(new URL('runner', import.meta.url));

/**
 * `command` of a container definition, the same bytes each time. Give the container the entry point `BOOTSTRAP_ENTRY_POINT`,
 * so that the image's own does not stand in between.
 */
export function bootstrapCommand(): string[] {
  const command = ['/bin/sh', '-c', script('start.sh'), 'start', bundle(), script('init.sh')];
  // What replaces variables in templates (Fn::Sub, the configuration's own) must find nothing in here.
  if (command.some((part) => part.includes('${'))) throw new Error('The bootstrap’s command holds "${": take it out.');
  return command;
}

/** Becomes what it is given, whatever the image has for an entry point; and the command works without it as well. */
export const BOOTSTRAP_ENTRY_POINT: readonly string[] = ['/usr/bin/env'];

/** Without its comments: a task definition holds 64 KB. */
function script(name: string): string {
  const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n');
  return lines.filter((line) => !line.startsWith('#')).join('\n');
}

function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [`${folder}/main.ts`],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'template-literal': false },
    legalComments: 'none',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text.trim() ?? '';
}
