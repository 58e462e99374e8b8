import { expect, test } from '@jest/globals';
import { covers } from '../../lib/core/pool.ts';

test('a superset covers', () => {
  expect(covers(['A', 'b'], ['a'])).toBe(true);
});
