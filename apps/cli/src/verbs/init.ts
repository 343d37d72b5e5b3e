import { resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { z } from 'zod';
import { writeProject } from '../init/write-project.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command.argument('[folder]', 'folder of the project; created if missing', '.').addHelpText(
      'after',
      `
Creates a small working project: a folder of pictures, a view that workers compute, one that is computed
while the request waits, a model, and a unit test. It asks no questions and keeps existing files.

Example:
  npx larderjs init my-project`,
    );
  },
  input: z.object({ folder: z.string() }),
  async run({ out }, { folder }) {
    const target = resolve(folder);
    const written = await writeProject(target);
    out.answer({ folder: target, ...written }, () => {
      for (const file of written.files) out.line(`  ${out.style.green('+')} ${file}`);
      for (const file of written.kept) out.line(`  ${out.style.yellow('=')} ${file} unchanged`);
      out.line(out.style.bold(`Created project '${written.name}' in ${shellWord(target)}`));
      out.line('Next:');
      if (folder !== '.') out.line(`  cd ${shellWord(folder)}`);
      out.line('  npm install            Larder, sharp, TypeScript, Vitest');
      out.line('  npm test               test the views and the model, without any store');
      out.line(
        '  npx larder dev         run everything, and apply what you edit; then, in another terminal:',
      );
      out.line('  npx larder backfill picture_light');
      out.line('  npx larder predict appeal --picture_id blue.png --width 600 --height 400');
    });
    return DONE;
  },
});
