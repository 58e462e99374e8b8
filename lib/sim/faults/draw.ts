/** Which faults a seed has, and when they come and go. */
import { type Chance, seededChance } from '../chance.ts';
import type { Fault, Targets } from './fault.ts';
import { STRANGERS } from './strangers.ts';
import { FAULTS, type FaultList } from './table.ts';

/** Some seeds have a few faults of any kind: a bug shows best where not everything is broken at once. */
const COUNTS = [0, 1, 2, 3, 4, 6, 8, 12];
/** The others have many of what belongs together, since some bugs show only where several things go wrong with the same runner. */
const SHARE_OF_THEME = 0.4;
const THEMES: readonly RegExp[] = [
  /^webhooks\.|^events\.|^queue\.|^deliveries\./,
  /^github\.|^token\.|^jitconfig\.|^removal\.|^job\.|^lists\./,
  // A runner works, and nobody hears of it.
  /^starts\.|^registrar\.|^lists\.|^runners\.(shown|busyRemoved)|^webhooks\.(startedLost|completedLost)|^runners\.(lost|502)/,
  /^runners\.[a-zA-Z]{6,}|^containers\.|^sessions\.|^jobs\.|^starts\.|^webhooks\.lost/,
  /^app\.|^owners\.|^repositories\.|^repositoryRunners\.|^permissions\.|^groups\./,
  /^ecs\.|^instances\.|^image\.|^containers\.|^events\.|^rerun\.|^jobs\.allCancelled/,
  /^lambda\.|^storage\.|^queue\.|^janitor\.|^deployments|^parameters\.|^sts\./,
];
/** No faults but how the world is, for some: in this share of all seeds. */
const EVERYDAY: Readonly<Record<string, number>> = {
  [STRANGERS]: 0.5,
  'containers.slow': 0.5,
  'jobs.takenElsewhere': 0.3,
};
/** Drawn like all others, and in this share of the seeds besides. */
const OFTEN: Readonly<Record<string, number>> = { deployments: 0.15 };
const HOUR_MS = 60 * 60 * 1000;

export function drawFaults(seed: number): FaultList {
  const chance = seededChance(hashed(seed, 'faults'));
  const names = Object.keys(FAULTS).filter((name) => !(name in EVERYDAY));
  const chosen = chance.happens(0.5) ? someOf(names, chance) : manyAlike(names, chance);
  const drawn = Object.fromEntries([...chosen].map((name) => [name, drawnValue(name, chance)]));
  return { ...sharesOf(seed, OFTEN), ...drawn, ...sharesOf(seed, EVERYDAY) };
}

/** Nothing else depends on whether they come. */
function sharesOf(seed: number, shares: Readonly<Record<string, number>>): FaultList {
  const drawn = Object.entries(shares).flatMap(([name, share]) => {
    const chance = seededChance(hashed(seed, name));
    return chance.happens(share) ? [[name, drawnValue(name, chance)] as const] : [];
  });
  return Object.fromEntries(drawn);
}

function someOf(names: readonly string[], chance: Chance): Set<string> {
  const wanted = chance.pick(COUNTS) ?? 1;
  const chosen = new Set<string>();
  while (chosen.size < wanted) chosen.add(chance.pick(names) ?? '');
  return chosen;
}

function manyAlike(names: readonly string[], chance: Chance): Set<string> {
  const theme = chance.pick(THEMES);
  return new Set(names.filter((name) => theme?.test(name) === true && chance.happens(SHARE_OF_THEME)));
}

/** Towards the low end of the range: squared. Two digits are enough to repeat it by hand. */
function drawnValue(name: string, chance: Chance): number {
  const [low, high] = FAULTS[name]?.range ?? [0, 0];
  return Number((low + (high - low) * chance.next() ** 2).toPrecision(2));
}

/** Begins each when its time comes; the returned function ends them all. Each draws its times from a chance of its own. */
export function inject(
  seed: number,
  faults: FaultList,
  targets: Targets,
  lengthMs: number,
  known: Readonly<Record<string, Fault>> = FAULTS,
): () => void {
  const season: Season = { targets, lengthMs, isOver: false };
  for (const [name, value] of Object.entries(faults)) {
    const fault = known[name];
    if (fault === undefined) throw new Error(`There is no fault ${name}`);
    const chance = seededChance(hashed(seed, name));
    if (fault.unit === 'hours') once(season, fault, value, chance);
    else if (fault.unit === 'times an hour') againAndAgain(season, fault, value, chance);
    else fault.begin(targets, value);
  }
  return () => {
    season.isOver = true;
    for (const name of Object.keys(faults)) known[name]?.end(targets);
  };
}

type Season = { targets: Targets; lengthMs: number; isOver: boolean };

/** Some time, for so many hours. */
function once(season: Season, fault: Fault, hours: number, chance: Chance): void {
  const { targets, lengthMs } = season;
  targets.clock.after(chance.next() * Math.max(0, lengthMs - hours * HOUR_MS), () => {
    if (season.isOver) return;
    fault.begin(targets, hours);
    targets.clock.after(hours * HOUR_MS, () => fault.end(targets));
  });
}

/** With exponential gaps. */
function againAndAgain(season: Season, fault: Fault, perHour: number, chance: Chance): void {
  if (perHour <= 0) return;
  const gapMs = (-Math.log(1 - chance.next()) * HOUR_MS) / perHour;
  season.targets.clock.after(gapMs, () => {
    if (season.isOver) return;
    fault.begin(season.targets, perHour);
    againAndAgain(season, fault, perHour, chance);
  });
}

/** FNV-1a over both: chances that have nothing to do with each other. */
export function hashed(seed: number, text: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
