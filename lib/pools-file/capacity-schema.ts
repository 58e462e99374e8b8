/** The settings of a group of instances in `pools.yml`, each with the sentence that completes "it must be …". */
import { Cron } from 'croner';
import { z } from 'zod';
import { instanceType, KNOWN_TYPES } from './instance-types.ts';

/** EC2 Auto Scaling (LaunchTemplate overrides of a mixed instances policy): at most 40. */
const INSTANCE_TYPES_MAX = 40;
/** ECS quotas: 5,000 container instances per cluster. */
const INSTANCES_MAX = 5000;
const INSTANCES_DEFAULT = 1000;
/** The snapshot of the ECS-optimised image of Amazon Linux 2023. */
const DISK_GIB_MIN = 30;
/** EBS user guide: 16 TiB is the largest gp3 volume that every Region has. */
const DISK_GIB_MAX = 16_384;
const DISK_GIB_DEFAULT = 100;
const PRICE_PER_HOUR_MAX = 1000;
/** Each is a resource of the stack; EC2 Auto Scaling itself takes 125 per group. */
const SCHEDULES_MAX = 20;

const wanted = {
  instanceTypes: `a list of 1 to ${INSTANCE_TYPES_MAX} EC2 instance types, the more families the easier Spot finds one`,
  max: `a whole number of instances from 1 to ${INSTANCES_MAX}, the most that run at a time`,
  onDemandBase: `a whole number of instances from 0 to ${INSTANCES_MAX} that are On-Demand before Spot begins`,
  onDemandPercent: 'a whole number of percent from 0 to 100: the share of On-Demand above onDemandBase',
  diskGiB: `a whole number of GiB from ${DISK_GIB_MIN} to ${DISK_GIB_MAX}`,
  pricePerHour: `a number of US dollars per instance and hour from 0 to ${PRICE_PER_HOUR_MAX}`,
  imageId: 'the id of an image (ami-…), or resolve:ssm: and the name of a parameter that holds one',
  schedules: `a list of 1 to ${SCHEDULES_MAX} times, each with cron and min`,
  schedule: 'a map of cron, timeZone and min',
  cron: "a Unix cron expression of five fields (minute, hour, day of the month, month, day of the week) with numbers, *, lists, ranges and steps, for times that come some day, such as '0 7 * * 1-5'",
  timeZone: 'the name of a time zone, such as Etc/UTC or Europe/Zurich',
  min: `a whole number of instances from 0 to ${INSTANCES_MAX} that run at least from then on`,
};

/**
 * What crontab(5) allows, to which EC2 Auto Scaling refers; croner alone would take L, W, #, ? and nicknames such as
 * @daily too.
 */
const CRON =
  /^(?:[\d*,/-]+ ){3}(?:[\d*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+ (?:[\d*,/-]|SUN|MON|TUE|WED|THU|FRI|SAT)+$/i;
/** Four years with a 29th of February in them: an expression that gives no time here never does. */
const BEFORE_A_LEAP_DAY = new Date('2027-01-01T00:00:00Z');

export const scheduleSchema = z.object(
  {
    cron: z.string(wanted.cron).refine(isCron, wanted.cron),
    timeZone: z.string(wanted.timeZone).refine(isTimeZone, wanted.timeZone).default('Etc/UTC'),
    min: wholeNumber(0, INSTANCES_MAX, wanted.min),
  },
  wanted.schedule,
);

const types = z.array(z.string(KNOWN_TYPES).refine(isKnownType, KNOWN_TYPES), wanted.instanceTypes);
const schedules = z.array(scheduleSchema, wanted.schedules).min(1, wanted.schedules);

/** EC2, LaunchTemplateData: an id, or a parameter that EC2 reads at every start. */
export const IMAGE_ID = /^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:[\w./:-]+)$/;

/** Key by key what `pools.yml` may say about a group; whoever adds one adds it to docs/configuration.md. */
export const capacitySchema = z.object({
  instanceTypes: types.min(1, wanted.instanceTypes).max(INSTANCE_TYPES_MAX, wanted.instanceTypes),
  max: wholeNumber(1, INSTANCES_MAX, wanted.max).default(INSTANCES_DEFAULT),
  onDemandBase: wholeNumber(0, INSTANCES_MAX, wanted.onDemandBase).default(0),
  onDemandPercent: wholeNumber(0, 100, wanted.onDemandPercent).default(0),
  diskGiB: wholeNumber(DISK_GIB_MIN, DISK_GIB_MAX, wanted.diskGiB).default(DISK_GIB_DEFAULT),
  pricePerHour: z.exactOptional(
    z.number(wanted.pricePerHour).min(0, wanted.pricePerHour).max(PRICE_PER_HOUR_MAX, wanted.pricePerHour),
  ),
  imageId: z.exactOptional(z.string(wanted.imageId).regex(IMAGE_ID, wanted.imageId)),
  schedules: z.exactOptional(schedules.max(SCHEDULES_MAX, wanted.schedules)),
});

/** A group as `pools.yml` describes it, defaults filled in. */
export type FileCapacity = { name: string } & Readonly<z.output<typeof capacitySchema>>;

/** What is sound of a group with problems elsewhere. */
export type SoundCapacity = { name: string } & Partial<FileCapacity>;

function isKnownType(name: string): boolean {
  return instanceType(name) !== undefined;
}

function isCron(expression: string): boolean {
  if (!CRON.test(expression)) return false;
  try {
    return new Cron(expression, { mode: '5-part', timezone: 'Etc/UTC' }).nextRun(BEFORE_A_LEAP_DAY) !== null;
  } catch {
    return false;
  }
}

/** Spelled as the IANA data base does: JavaScript takes any case and offsets too, EC2 Auto Scaling does not. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Z][\w+-]*(\/[\w+-]+)+$/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

function wholeNumber(low: number, high: number, message: string) {
  return z.int(message).min(low, message).max(high, message);
}
