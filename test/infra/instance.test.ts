/** The script that a new instance runs: as a shell reads it, and its hourly part really run, among stand-ins. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generate } from '../../infra/generate.ts';
import { DEFAULT_SETTINGS } from '../support/deployment-settings.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecs-runners-instance-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The user data of the group, with CloudFormation's part done. */
async function userData(settings: object = {}, id = 'GroupX64DlargeTemplate'): Promise<string> {
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
async function written(path: string, script = userData()): Promise<string> {
  const text = await script;
  const [, end = ''] = new RegExp(`^cat >>? ${path} <<'(\\w+)'$`, 'm').exec(text) ?? [];
  const start = text.indexOf('\n', text.indexOf(` ${path} <<'${end}'`)) + 1;
  return text.slice(start, text.indexOf(`\n${end}\n`, start) + 1);
}

test('a shell can read it', async () => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: await userData(), encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the agent joins the cluster, cleans up soon after a task, and uses the images that are there', async () => {
  const config = await written('/etc/ecs/ecs.config');
  expect(config).toMatch(/^ECS_CLUSTER=ecs-runners-test$/m);
  expect(config).toMatch(/^ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=1m$/m);
  expect(config).toMatch(/^ECS_IMAGE_PULL_BEHAVIOR=prefer-cached$/m);
  expect(config).toMatch(/^ECS_AWSVPC_BLOCK_IMDS=true$/m);
  expect(config).toMatch(/^ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true$/m);
});

test('container instances have the mandatory tags, as JSON', async () => {
  const config = await written('/etc/ecs/ecs.config', userData({ tags: 'Team=ci,Cost centre=1' }));
  const [, tags = ''] = /^ECS_CONTAINER_INSTANCE_TAGS=(.*)$/m.exec(config) ?? [];
  expect(JSON.parse(tags)).toEqual({ Team: 'ci', 'Cost centre': '1' });
});

test('the agent does not start unless containers are kept from the metadata', async () => {
  const unit = await written('/etc/systemd/system/ecs-runners-metadata.service');
  expect(unit).toContain('iptables -I DOCKER-USER -d 169.254.169.254/32 -j DROP');
  expect(unit).toMatch(/^RequiredBy=ecs\.service$/m);
  expect(unit).toMatch(/^Before=ecs\.service$/m);
  expect(await userData()).toMatch(/systemctl enable ecs-runners-metadata\.service/);
});

describe('each hour', () => {
  const POOLS = [
    { name: 'a', capacity: 'x64-large', image: 'octo/runner:1', pullsAhead: true },
    { name: 'b', capacity: 'x64-large', image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:2', pullsAhead: true },
    { name: 'c', capacity: 'x64-large', image: 'octo/runner:1', pullsAhead: true },
    { name: 'other group', capacity: 'arm64-large', image: 'octo/arm:1', pullsAhead: true },
    { name: 'needs a login', capacity: 'x64-large', image: 'octo/private:1', pullsAhead: false },
  ];

  test('the images of the group are pulled once each, from ECR with a login; others are left to the tasks', async () => {
    // Both ends of a pipe begin at once.
    expect((await run({ usedPercent: 40 })).sort()).toEqual([
      'aws ecr get-login-password --region eu-west-1',
      'aws ssm get-parameters-by-path --region eu-central-1 --path /ecs-runners/test/pools --query Parameters[].Value --output json',
      'docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      'docker pull --quiet 123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:2',
      'docker pull --quiet octo/runner:1',
    ]);
  });

  test('a disk that fills is cleared of what no container uses, and only then', async () => {
    const calls = await run({ usedPercent: 70 });
    expect(calls.slice(0, 3)).toEqual([
      'docker image prune --all --force',
      'docker builder prune --all --force',
      'docker volume prune --force',
    ]);
    expect((await run({ usedPercent: 69 })).join()).not.toContain('prune');
  });

  test('an image that cannot be pulled does not keep the others away', async () => {
    const calls = await run({ usedPercent: 10, failing: 'docker' });
    expect(calls.filter((call) => call.includes('pull'))).toHaveLength(2);
  });

  test('where the parameters cannot be read, nothing is pulled', async () => {
    const calls = await run({ usedPercent: 10, failing: 'aws' });
    expect(calls.filter((call) => call.includes('docker'))).toEqual([]);
  });

  /** Gives every call of the AWS command line and of Docker, in order. */
  async function run({ usedPercent, failing }: { usedPercent: number; failing?: string }): Promise<string[]> {
    const script = join(directory, 'images');
    writeFileSync(script, await written('/usr/local/bin/ecs-runners-images'));
    const calls = join(directory, 'calls');
    rmSync(calls, { force: true });
    const answers = { ssm: JSON.stringify(POOLS.map((pool) => JSON.stringify(pool))), ecr: 'password' };
    program('df', `echo 'Use%'; echo ' ${usedPercent}%'`);
    program(
      'aws',
      `echo aws "$@" >> ${calls}; ${failing === 'aws' ? 'exit 1' : ''}
case $1 in ssm) cat <<'END'
${answers.ssm}
END
;; ecr) echo ${answers.ecr} ;; esac`,
    );
    program(
      'docker',
      `echo docker "$@" >> ${calls}; ${failing === 'docker' ? 'exit 1' : ''}
case $1 in login) cat > /dev/null ;; esac`,
    );
    const path = `${join(directory, 'bin')}:${process.env['PATH']}`;
    spawnSync('bash', [script], { env: { PATH: path }, encoding: 'utf8' });
    return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  }

  function program(name: string, body: string): void {
    mkdirSync(join(directory, 'bin'), { recursive: true });
    writeFileSync(join(directory, 'bin', name), `#!/bin/bash\n${body}\n`);
    chmodSync(join(directory, 'bin', name), 0o755);
  }
});
