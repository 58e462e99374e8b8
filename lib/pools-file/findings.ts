/** What is wrong with the file, in words: each finding says where, what is there, and what it must be. */
import { closestMatch } from 'leven';
import type { z } from 'zod';
import type { Path } from './document.ts';

/** `severity`: a problem refuses the file, a warning only tells. `part`: it is about the key, not its value. */
export type Finding = { severity: 'problem' | 'warning'; path: Path; part?: 'key'; message: string };

export type Fields = Record<string, unknown>;

export function problem(path: Path, message: string): Finding {
  return { severity: 'problem', path, message };
}

export function aboutKey(path: Path, message: string): Finding {
  return { ...problem(path, message), part: 'key' };
}

export function warning(path: Path, message: string): Finding {
  return { severity: 'warning', path, message };
}

/** `reportInput` must have been set: the message shows what is there. */
export function fromIssue(path: Path, issue: z.core.$ZodIssue): Finding {
  const place = [...path, ...issue.path];
  return problem(place, `${shown(issue.input)}: it must be ${issue.message}`);
}

export function unknownKeys(value: Fields, known: readonly string[], path: Path): Finding[] {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  const hint = (key: string) => didYouMean(key, known) ?? `there are ${known.join(', ')}`;
  return unknown.map((key) => aboutKey([...path, key], `there is no such setting: ${hint(key)}`));
}

/** Distance up to a third of the letters: "lables" is near "labels", "ram" is near nothing. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const maxDistance = Math.max(1, Math.floor(Math.min(word.length, 30) / 3));
  const match = word.length > 100 ? undefined : closestMatch(word, [...known], { maxDistance });
  return match === undefined ? undefined : `did you mean ${match}?`;
}

export function shown(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is empty';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : `is a list of ${value.length}`;
  if (typeof value === 'object') return 'is a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return `is ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
