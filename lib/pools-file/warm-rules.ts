/** What warm runners ask for: places, and instances that never rest. */
import { type Finding, problem, warning } from './findings.ts';
import type { SoundPool } from './schema.ts';

/** Settings that are missing or have problems of their own are left alone. */
export function checkWarmRules(pools: readonly SoundPool[]): Finding[] {
  return pools.flatMap(checkPool);
}

function checkPool({ name, warm = 0, max, cpu, memory }: SoundPool): Finding[] {
  const path = ['pools', name, 'warm'];
  if (max !== undefined && warm > max) {
    return [problem(path, `is ${warm}, but the pool has at most ${max} runners (max), warm ones among them`)];
  }
  if (warm === 0 || cpu === undefined || memory === undefined) return [];
  const size = `${rounded((warm * cpu) / 1024)} vCPU and ${rounded((warm * memory) / 1024)} GiB`;
  const message = `keeps ${size} of instances running day and night, whether jobs come or not; 0 lets them go`;
  return [warning(path, message)];
}

function rounded(amount: number): number {
  return Math.round(amount * 10) / 10;
}
