import { resolve } from 'node:path';
import { shellWord } from '@larder/core';
import { Option } from 'commander';
import { z } from 'zod';
import { cloneToPack, ownDependency } from '../init/own-dependency.ts';
import { TEMPLATE_NAMES, TEMPLATES } from '../init/templates.ts';
import { writeProject } from '../init/write-project.ts';
import { DONE } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .argument('[folder]', 'folder of the project; created if missing', '.')
      .addOption(
        new Option('--template <name>', 'what the project is about')
          .choices(TEMPLATE_NAMES)
          .default(TEMPLATE_NAMES[0]),
      )
      .addHelpText(
        'after',
        `
Creates a small working project: a source, a view that workers compute, one that is computed while the
request waits, a model, and a unit test. It asks no questions and keeps existing files.

Templates:
${TEMPLATE_NAMES.map((name) => `  ${name.padEnd(10)}${TEMPLATES[name].summary}`).join('\n')}

Examples:
  npx larderjs init my-project
  npx larderjs init my-project --template tabular`,
      );
  },
  input: z.object({ folder: z.string(), template: z.enum(TEMPLATE_NAMES) }),
  async run({ out }, { folder, template }) {
    const target = resolve(folder);
    const written = await writeProject(target, template);
    out.answer({ folder: target, template, ...written }, () => {
      for (const file of written.files) out.line(`  ${out.style.green('+')} ${file}`);
      for (const file of written.kept) out.line(`  ${out.style.yellow('=')} ${file} unchanged`);
      out.line(out.style.bold(`Created project '${written.name}' in ${shellWord(target)}`));
      out.line('Next:');
      if (folder !== '.') out.line(`  cd ${shellWord(folder)}`);
      const clone = cloneToPack(target, ownDependency(target));
      if (clone !== null) out.line(`  npm run pack --prefix ${shellWord(clone)}`);
      out.line('  npm install            Larder, TypeScript, Vitest');
      out.line('  npm test               test the views and the model, without any store');
      out.line(
        '  npx larder dev         run everything, and apply what you edit; then, in another terminal:',
      );
      out.line(`  npx larder ${TEMPLATES[template].backfill}`);
      out.line(`  npx larder ${TEMPLATES[template].predict}`);
    });
    return DONE;
  },
});
