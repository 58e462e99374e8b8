/**
 * Managed scaling of a capacity provider (ECS docs, "Amazon ECS managed scaling behavior"): a metric once a minute;
 * from zero always two instances; the next step only after the warm-up; fewer only after 15 low minutes.
 */
import { draw } from './events.ts';
import { register, terminateIdle } from './instances.ts';
import type { EcsState, Instance, Provider } from './state.ts';

/** ECS docs: scaling from zero launches two instances. */
const INSTANCES_FROM_ZERO = 2;

/** Starts the minute's round, unless it is running; it ends by itself when there is nothing to watch. */
export function watch(state: EcsState, provider: Provider): void {
  if (provider.watching || !provider.config.managedScaling) return;
  provider.watching = true;
  state.clock.after(state.timings.metricPeriodMs, () => {
    provider.watching = false;
    evaluate(state, provider);
    const { size } = provider.instances;
    if (provider.provisioning.size > 0 || size + provider.booting !== provider.config.minInstances)
      watch(state, provider);
  });
}

function evaluate(state: EcsState, provider: Provider): void {
  const { minInstances, maxInstances, targetCapacity } = provider.config;
  const have = takingTasks(provider) + provider.booting;
  const needed = Math.ceil((instancesNeeded(provider) * 100) / targetCapacity);
  // Those that are drained still count for the group's size.
  const wanted = Math.max(minInstances, Math.min(maxInstances - draining(provider), needed));
  if (wanted > have) scaleOut(state, provider, have, wanted);
  if (wanted >= have) provider.lowPeriods = 0;
  else scaleIn(state, provider, have, wanted);
}

function scaleOut(state: EcsState, provider: Provider, have: number, wanted: number): void {
  const now = state.clock.now();
  const { maxInstances, maximumScalingStepSize, minimumScalingStepSize } = provider.config;
  if (have > 0 && now < provider.warmUntil) return;
  const step = have === 0 ? INSTANCES_FROM_ZERO : Math.max(minimumScalingStepSize, wanted - have);
  const count = Math.min(step, have === 0 ? step : maximumScalingStepSize, maxInstances - draining(provider) - have);
  let launched = 0;
  for (let index = 0; index < count; index += 1) if (launchInstance(state, provider)) launched += 1;
  if (launched === 0) return;
  provider.warmUntil = now + state.timings.instanceWarmupMs;
  provider.scaledOutAt = now;
}

function launchInstance(state: EcsState, provider: Provider): boolean {
  if (state.chance.happens(state.faults.noCapacity)) return false;
  provider.booting += 1;
  state.clock.after(draw(state, state.timings.instanceBootMs), () => {
    provider.booting -= 1;
    register(state, provider);
  });
  return true;
}

/** One instance at first, then up to half of them a minute. */
function scaleIn(state: EcsState, provider: Provider, have: number, wanted: number): void {
  const { metricPeriodMs, scaleInPeriods } = state.timings;
  provider.lowPeriods += 1;
  if (provider.lowPeriods < scaleInPeriods) return;
  if (state.clock.now() - provider.scaledOutAt < scaleInPeriods * metricPeriodMs) return;
  const half = Math.max(1, Math.floor((have - 1) / 2));
  const count = provider.lowPeriods === scaleInPeriods ? 1 : half;
  terminateIdle(provider.instances.values(), Math.min(count, have - wanted));
}

/** Those in use, and those that the waiting tasks would fill; a task bigger than an instance scales nothing. */
function instancesNeeded(provider: Provider): number {
  let busy = 0;
  for (const instance of provider.instances.values()) if (takesTasks(instance) && instance.tasks.size > 0) busy += 1;
  const { instanceCpu, instanceMemory } = provider.config;
  let share = 0;
  for (const task of provider.provisioning) {
    if (task.cpu > instanceCpu || task.memory > instanceMemory) continue;
    const perInstance = Math.min(perUnit(instanceCpu, task.cpu), perUnit(instanceMemory, task.memory));
    share += 1 / perInstance;
  }
  return busy + Math.ceil(share - 1e-9);
}

function perUnit(whole: number, part: number): number {
  return part > 0 ? Math.floor(whole / part) : Number.MAX_SAFE_INTEGER;
}

/** Waiting tasks need instances beside those that take none (AWS blog, "Deep dive on Amazon ECS cluster auto scaling"). */
function takesTasks({ connected, status }: Instance): boolean {
  return connected && status === 'ACTIVE';
}

function takingTasks(provider: Provider): number {
  return [...provider.instances.values()].filter(takesTasks).length;
}

function draining(provider: Provider): number {
  return [...provider.instances.values()].filter((instance) => instance.connected && !takesTasks(instance)).length;
}
