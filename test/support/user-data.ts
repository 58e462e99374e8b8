/** The script that a new instance runs (infra/instance.sh), and stand-ins for the programs that it calls. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '../../infra/generate.ts';
import { DEFAULT_SETTINGS } from './deployment-settings.ts';

/** The user data of the group, with CloudFormation's part done. */
export async function userData(settings: object = {}, id = 'GroupX64DlargeTemplate'): Promise<string> {
  const { resources } = await generate({
    settings: { ...DEFAULT_SETTINGS, ...settings },
    serviceDir: '.',
    deployment: 'ecs-runners-test',
    parametersPath: '/ecs-runners/test',
  });
  const data = JSON.parse(JSON.stringify(resources[id]?.Properties?.['LaunchTemplateData']));
  const [text, values] = data.UserData['Fn::Base64']['Fn::Sub'] as [string, Record<string, string>];
  const known: Record<string, string> = { ...values, 'AWS::Region': 'eu-central-1' };
  return text.replaceAll(/\$\{([^}!]+)\}/g, (_, name: string) => {
    const value = known[name];
    if (value === undefined) throw new Error(`CloudFormation knows no ${name}`);
    return value;
  });
}

/** The file that the script writes at this path. */
export async function written(path: string, script = userData()): Promise<string> {
  const text = await script;
  const [, end = ''] = new RegExp(`^cat >>? ${path} <<'(\\w+)'$`, 'm').exec(text) ?? [];
  const start = text.indexOf('\n', text.indexOf(` ${path} <<'${end}'`)) + 1;
  return text.slice(start, text.indexOf(`\n${end}\n`, start) + 1);
}

/** A program for the PATH, in `bin` of the folder. */
export function program(folder: string, name: string, body: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${body}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}
