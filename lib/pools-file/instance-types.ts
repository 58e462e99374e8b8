/**
 * EC2 instance types, by the rule that their names follow, so that a family which appears tomorrow is known today. What
 * the rule cannot tell (GPUs, local disks' sizes, bare metal) is not known here.
 */

export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** In ECS CPU units and MiB, as the settings of a pool. */
export type Size = { readonly cpu: number; readonly memory: number };

export type InstanceType = {
  name: string;
  architecture: Architecture;
  vcpuCount: number;
  memoryMib: number;
  /** US dollars per hour: On-Demand, Linux, us-east-1. */
  pricePerHour: number;
};

/** Completes "it must be …". */
export const KNOWN_TYPES =
  'an EC2 instance type c, m or r of generation 5 or later from large to 48xlarge, such as m7i.large, or t3, t3a or t4g; for any other (metal, GPUs) make a group of your own and name it with capacityProvider';

const UNITS_PER_VCPU = 1024;
const MIB_PER_GIB = 1024;
/**
 * What the kernel leaves of the memory that EC2 advertises. The agent registers what Linux reports: 7,985 of the 8,192
 * MiB of an m4.large (AWS Batch guide, memory management); newer kernels with more devices leave less.
 */
const MEMORY_SHARE_AFTER_KERNEL = 0.94;
/** For the ECS agent and Docker: the example of `ECS_RESERVED_MEMORY` in the ECS developer guide. */
const MEMORY_RESERVED_MIB = 256;

const GIB_PER_VCPU = { c: 2, m: 4, r: 8 } as const;
/** A 9xlarge has nine times the vCPUs of an xlarge, which has four. */
const VCPUS_PER_XLARGE = 4;
const XLARGE_COUNTS = [1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 48];

/**
 * US dollars per vCPU and hour, On-Demand, Linux, us-east-1, November 2026: the dearest family without local disks or
 * more network (x64: m7a, c7a, r7a; arm64: m8g, c8g, r8g), so that an estimate is rather too high.
 */
const PRICE_PER_VCPU_HOUR = {
  c: { x64: 0.0514, arm64: 0.0399 },
  m: { x64: 0.058, arm64: 0.0449 },
  r: { x64: 0.0761, arm64: 0.059 },
} as const;
/** Local disks, more network and faster clocks (m6idn, c7gn, m5zn) cost up to this much more than the plain family. */
const PRICE_FACTOR_OF_EXTRAS = 1.6;

/** Burstable types have two vCPUs up to large, and cost by their memory: US dollars per GiB and hour. */
const BURSTABLE_PRICE_PER_GIB_HOUR: Readonly<Record<string, number>> = { t3: 0.0104, t3a: 0.0094, t4g: 0.0084 };
const BURSTABLE_SIZES: Readonly<Record<string, { vcpuCount: number; memoryGib: number }>> = {
  nano: { vcpuCount: 2, memoryGib: 0.5 },
  micro: { vcpuCount: 2, memoryGib: 1 },
  small: { vcpuCount: 2, memoryGib: 2 },
  medium: { vcpuCount: 2, memoryGib: 4 },
  large: { vcpuCount: 2, memoryGib: 8 },
  xlarge: { vcpuCount: 4, memoryGib: 16 },
  '2xlarge': { vcpuCount: 8, memoryGib: 32 },
};

/** Family letter, generation, processor (`g`: Graviton, `a`: AMD, `i`: Intel), extras such as local disks, size. */
const GENERAL =
  /^(?<letter>[cmr])(?<generation>[5-9]|[1-9]\d)(?<processor>[gai]?)(?<extras>[bdnz]*)(?:-flex)?\.(?<size>\w+)$/;
const BURSTABLE = /^(?<family>t3|t3a|t4g)\.(?<size>\w+)$/;

/** Undefined: a type that the rule does not cover. */
export function instanceType(name: string): InstanceType | undefined {
  return generalType(name) ?? burstableType(name);
}

/** Of these names, the types that are known. */
export function knownTypes(names: readonly string[]): InstanceType[] {
  return names.flatMap((name) => instanceType(name) ?? []);
}

/** What tasks can get of an instance: all of its CPU, but not all of its memory. */
export function taskSpace({ vcpuCount, memoryMib }: InstanceType): Size {
  const memory = Math.floor(memoryMib * MEMORY_SHARE_AFTER_KERNEL) - MEMORY_RESERVED_MIB;
  return { cpu: vcpuCount * UNITS_PER_VCPU, memory: Math.max(0, memory) };
}

/** Whether an instance with this space can run one task of this size. */
export function fits(task: Size, space: Size): boolean {
  return task.cpu <= space.cpu && task.memory <= space.memory;
}

function generalType(name: string): InstanceType | undefined {
  const { letter, generation, processor, extras, size = '' } = GENERAL.exec(name)?.groups ?? {};
  if (letter !== 'c' && letter !== 'm' && letter !== 'r') return undefined;
  // The families with Intel's processors, and AMD's older ones, begin with large.
  const hasMedium = processor === 'g' || (processor === 'a' && Number(generation) >= 7);
  const vcpuCount = vcpusOf(size, hasMedium);
  if (vcpuCount === undefined) return undefined;
  const architecture = processor === 'g' ? 'arm64' : 'x64';
  const memoryMib = vcpuCount * GIB_PER_VCPU[letter] * MIB_PER_GIB;
  const factor = extras === '' ? 1 : PRICE_FACTOR_OF_EXTRAS;
  const pricePerHour = rounded(vcpuCount * PRICE_PER_VCPU_HOUR[letter][architecture] * factor);
  return { name, architecture, vcpuCount, memoryMib, pricePerHour };
}

function vcpusOf(size: string, hasMedium: boolean): number | undefined {
  if (size === 'medium') return hasMedium ? 1 : undefined;
  if (size === 'large') return VCPUS_PER_XLARGE / 2;
  const [, count] = /^([1-9]\d*|)xlarge$/.exec(size) ?? [];
  if (count === undefined || count === '1') return undefined;
  const xlargeCount = count === '' ? 1 : Number(count);
  return XLARGE_COUNTS.includes(xlargeCount) ? xlargeCount * VCPUS_PER_XLARGE : undefined;
}

function burstableType(name: string): InstanceType | undefined {
  const { family = '', size = '' } = BURSTABLE.exec(name)?.groups ?? {};
  const shape = Object.hasOwn(BURSTABLE_SIZES, size) ? BURSTABLE_SIZES[size] : undefined;
  const pricePerGib = BURSTABLE_PRICE_PER_GIB_HOUR[family];
  if (!shape || pricePerGib === undefined) return undefined;
  return {
    name,
    architecture: family === 't4g' ? 'arm64' : 'x64',
    vcpuCount: shape.vcpuCount,
    memoryMib: shape.memoryGib * MIB_PER_GIB,
    pricePerHour: rounded(shape.memoryGib * pricePerGib),
  };
}

/** To a hundredth of a cent. */
function rounded(dollars: number): number {
  return Math.round(dollars * 10_000) / 10_000;
}
