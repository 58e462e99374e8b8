/** All bugs that are planted, by the promise that they break. */
import type { Mutant } from './mutant.ts';
import { ASKED } from './planted/asked.ts';
import { EXPLAINED } from './planted/explained.ts';
import { LEFT } from './planted/left.ts';
import { SERVED } from './planted/served.ts';
import { SHOULD } from './planted/should.ts';
import { WORKING } from './planted/working.ts';

export const MUTANTS: readonly Mutant[] = [...SERVED, ...WORKING, ...LEFT, ...ASKED, ...SHOULD, ...EXPLAINED];
