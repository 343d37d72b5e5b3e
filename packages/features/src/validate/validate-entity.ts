import type { Entity } from '../definition/entity.ts';
import { below, type Report } from './report.ts';
import { validateFields } from './validate-fields.ts';
import { validateName } from './validate-names.ts';

export function validateEntity(entity: Entity, report: Report): void {
  validateName(entity.name, report);
  validateFields(
    entity.joinKeys,
    {
      mayBeEmpty: true,
      types: { allowed: ['string', 'int64'], otherwise: 'a join key is f.string() or f.int64().' },
      noDefault: 'a join key is always given.',
      notOmitted: "logged predictions of an entity must be found by its key; use 'hashed'.",
    },
    below(report, 'joinKeys'),
  );
}
