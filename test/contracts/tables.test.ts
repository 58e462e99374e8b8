import { createListTable, createTable } from '../../lib/live/tables.ts';
import { virtualClock } from '../../lib/sim/clock.ts';
import { createSimListTable, createSimTable } from '../../lib/sim/tables.ts';
import { tablesContract } from '../support/contract-tables.ts';
import { startDynamoDB } from '../support/dynamodb.ts';

const START = Date.UTC(2026, 0, 1);

tablesContract('the tables in DynamoDB', async () => {
  const { client, close } = await startDynamoDB();
  let now = START;
  const clock = { now: () => now };
  return {
    table: createTable({ client, table: 'history', key: ['job'], clock }),
    list: createListTable({ client, table: 'backlog', key: ['pool', 'job'], clock }),
    now: clock.now,
    advance: async (milliseconds) => {
      now += milliseconds;
    },
    close,
  };
});

tablesContract('the simulated tables', async () => {
  const clock = virtualClock(START);
  return {
    table: createSimTable({ clock, name: 'history', key: ['job'] }),
    list: createSimListTable({ clock, name: 'backlog', key: ['pool', 'job'] }),
    now: clock.now,
    advance: (milliseconds) => clock.runUntil(clock.now() + milliseconds),
    close: async () => {},
  };
});
