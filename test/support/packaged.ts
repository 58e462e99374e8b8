/** `serverless package`, as an operator runs it: offline, without credentials, in a directory of its own. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Mappings, Resources } from '../../infra/template.ts';

export type Template = { Resources: Resources; Mappings: Mappings; Outputs?: Record<string, unknown> };

export type PackageOptions = {
  params?: Readonly<Record<string, string | number>>;
  stage?: string;
  region?: string;
  /** Text of pools.yml; the repository's own by default. */
  pools?: string;
  /** In a network namespace without a network; needs root. */
  offline?: boolean;
};

export type Packaged = {
  status: number | null;
  /** Everything that was printed. */
  output: string;
  /** The service directory; `.serverless` in it holds the result. */
  directory: string;
};

const root = resolve(import.meta.dirname, '../..');
const directories: string[] = [];

/** The template; throws with what was printed if there is none. */
export function packaged(options: PackageOptions = {}): Template {
  const { status, output, directory } = packageService(options);
  if (status !== 0) throw new Error(`serverless package failed:\n${output}`);
  return templateIn(directory);
}

export function templateIn(directory: string): Template {
  const file = join(directory, '.serverless/cloudformation-template-update-stack.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Template;
}

export function packageService({ params = {}, stage, region, pools, offline }: PackageOptions = {}): Packaged {
  const directory = serviceDirectory(pools);
  const args = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  if (stage !== undefined) args.push('--stage', stage);
  if (region !== undefined) args.push('--region', region);
  const command = [process.execPath, join(root, 'node_modules/osls/bin/serverless.js'), 'package', ...args];
  const [program = '', ...rest] = offline ? ['unshare', '-n', ...command] : command;
  const { status, stdout, stderr } = spawnSync(program, rest, {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`, HOME: directory },
  });
  return { status, output: stdout + stderr, directory };
}

/** Links to the repository, so that runs side by side share neither bundles nor zip files. */
function serviceDirectory(pools: string | undefined): string {
  const directory = mkdtempSync(join(tmpdir(), 'ecs-runners-package-'));
  directories.push(directory);
  for (const name of ['infra', 'lib', 'functions', 'node_modules', 'package.json']) {
    symlinkSync(join(root, name), join(directory, name));
  }
  // The framework takes no link for its own file.
  copyFileSync(join(root, 'serverless.yml'), join(directory, 'serverless.yml'));
  writeFileSync(join(directory, 'pools.yml'), pools ?? readFileSync(join(root, 'pools.yml')));
  return directory;
}

/** For `afterAll`. */
export function removePackages(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}
