/** The script that a new instance runs: as a shell reads it, and its hourly part really run, among stand-ins. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { program, userData, written } from '../support/user-data.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ecs-runners-instance-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

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
  expect(config).toMatch(/^ECS_TASK_PIDS_LIMIT=32768$/m);
});

test('it fits into what EC2 takes', async () => {
  // EC2 user guide, "Run commands when you launch an EC2 instance with user data input": 16 KB before it is encoded.
  expect((await userData({ tags: `Team=${'x'.repeat(250)}` })).length).toBeLessThan(16 * 1024 - 1024);
});

test('the folder of tasks that share the daemon can be walked through, not listed', async () => {
  expect(await userData()).toMatch(/^install -d -m 711 \/var\/lib\/ecs-runners$/m);
});

test('container instances have the mandatory tags, as JSON', async () => {
  const config = await written('/etc/ecs/ecs.config', userData({ tags: 'Team=ci,Cost centre=1' }));
  const [, tags = ''] = /^ECS_CONTAINER_INSTANCE_TAGS=(.*)$/m.exec(config) ?? [];
  expect(JSON.parse(tags)).toEqual({ Team: 'ci', 'Cost centre': '1' });
});

test('the agent does not start unless containers are kept from the metadata', async () => {
  const unit = await written('/etc/systemd/system/ecs-runners-metadata.service');
  expect(unit).toContain('iptables -I DOCKER-USER -d 169.254.169.254/32 -j DROP');
  // Whatever network of Docker's a packet comes from: no interface is named.
  expect(unit).not.toMatch(/DOCKER-USER[^;|']* -i /);
  expect(unit).toMatch(/^ExecStart=-.*ip6tables -I FORWARD -d fd00:ec2::254\/128 -j DROP/m);
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
      'docker image prune --all --force --filter until=6h',
      'docker builder prune --all --force --filter until=6h',
      'docker volume prune --force --filter label!=ecs-runners.task',
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
    program(directory, 'df', `echo 'Use%'; echo ' ${usedPercent}%'`);
    program(
      directory,
      'aws',
      `echo aws "$@" >> ${calls}; ${failing === 'aws' ? 'exit 1' : ''}
case $1 in ssm) cat <<'END'
${answers.ssm}
END
;; ecr) echo ${answers.ecr} ;; esac`,
    );
    program(
      directory,
      'docker',
      `echo docker "$@" >> ${calls}; ${failing === 'docker' ? 'exit 1' : ''}
case $1 in login) cat > /dev/null ;; esac`,
    );
    const path = `${join(directory, 'bin')}:${process.env['PATH']}`;
    spawnSync('bash', [script], { env: { PATH: path }, encoding: 'utf8' });
    return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  }
});

describe('options of security', () => {
  test.each([
    [
      'AppArmor',
      { apparmor: 'Y', options: '[name=apparmor name=seccomp,profile=builtin]' },
      ['ECS_APPARMOR_CAPABLE=true'],
    ],
    ['SELinux', { options: '[name=seccomp,profile=builtin name=selinux]' }, ['ECS_SELINUX_CAPABLE=true']],
    ['neither', { apparmor: 'N', options: '[name=seccomp,profile=builtin]' }, []],
    ['no daemon yet', {}, []],
  ])(
    'the agent says what the instance has: %s',
    async (_, { apparmor, options }: { apparmor?: string; options?: string }, expected) => {
      const text = await userData();
      const part = text.slice(text.indexOf('if grep -qs Y'), text.indexOf('# For tasks that share'));
      const config = join(directory, 'config');
      const enabled = join(directory, 'enabled');
      writeFileSync(config, '');
      if (apparmor !== undefined) writeFileSync(enabled, `${apparmor}\n`);
      program(directory, 'docker', options === undefined ? 'exit 1' : `echo '${options}'`);
      const script = part.replaceAll('/etc/ecs/ecs.config', config).replaceAll(/\/sys\/module\/\S+;/g, `${enabled};`);
      const path = `${join(directory, 'bin')}:${process.env['PATH']}`;
      const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { env: { PATH: path } });
      expect({ status, config: readFileSync(config, 'utf8').split('\n').filter(Boolean) }).toEqual({
        status: 0,
        config: expected,
      });
    },
  );
});
