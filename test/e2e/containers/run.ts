/** The runners' containers on a real Docker engine: what must be true of them, seen from the job and from outside. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Closers } from '../../../lib/local/closers.ts';
import { type PartResult, runGroups, type Step } from '../steps.ts';
import { credentialSteps } from './credential-steps.ts';
import { failureSteps } from './failure-steps.ts';
import { metadataSteps } from './metadata-steps.ts';
import { neighbourSteps } from './neighbour-steps.ts';
import { privilegeSteps } from './privilege-steps.ts';
import { processSteps } from './process-steps.ts';
import { secretSteps } from './secret-steps.ts';
import { settingSteps } from './setting-steps.ts';
import { type Stage, startStage } from './stage.ts';
import { trafficSteps } from './traffic-steps.ts';

/** Kept from run to run: what was downloaded. */
const cache = fileURLToPath(new URL('../../../node_modules/.cache/ecs-runners-e2e', import.meta.url));
/** More than the machine has cores: most of their time they wait. */
const GROUPS_AT_ONCE = 4;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What has been started is in `started`, also when this throws. `only`: a pattern for the names of steps. */
export async function runContainers(started: Closers, only: string): Promise<PartResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ecs-runners-containers-'));
  say(`logs are in ${folder}`);
  const startedAt = performance.now();
  const stage = await startStage({ folder, cache, say, started });
  say(`the stage stands (${Math.round((performance.now() - startedAt) / 1000)} s)`);
  const chosen = (groups: Step[][]) => groups.map((group) => group.filter(({ name }) => new RegExp(only).test(name)));
  // These change what all containers see of the instance, or look at all of them.
  const alone = await runGroups(chosen([metadataSteps(stage, say), neighbourSteps(stage)]), 1, say);
  const others = await runGroups(chosen(groupsOf(stage)), GROUPS_AT_ONCE, say);
  return { passed: alone.passed + others.passed, failed: alone.failed + others.failed, folder };
}

/** The steps of a group follow one another; groups have nothing to do with each other. */
function groupsOf(stage: Stage): Step[][] {
  return [
    ...failureSteps(stage, say),
    trafficSteps(stage, say),
    ...credentialSteps(stage, say),
    ...secretSteps(stage),
    processSteps(stage),
    settingSteps(stage),
    privilegeSteps(stage),
  ];
}
