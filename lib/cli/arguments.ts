/** Numbers on a command line, in the way that commander takes parsers: what is wrong is an error of the option. */
import { InvalidArgumentError } from 'commander';

/** From `low` on, as far as seeds go. */
export function wholeNumber(low: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= 0xffff_ffff) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} on.`);
  };
}

export function days(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 365) return value;
  throw new InvalidArgumentError('It must be a number of days, above 0 and at most 365.');
}
