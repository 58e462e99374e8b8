/** `npm run dashboard`: draws the dashboard's own list of widgets, with made-up figures, into docs/dashboard.svg. */
import { writeFile } from 'node:fs/promises';
import { program } from 'commander';
import { drawing } from './dashboard/drawing.ts';

program
  .name('npm run dashboard --')
  .description('Draws the dashboard, as it is deployed, with made-up figures.')
  .argument('[file]', 'the picture to write', 'docs/dashboard.svg')
  .action(async (path: string) => {
    await writeFile(path, drawing());
    console.log(`${path} is written.`);
  });

await program.parseAsync();
