import { z } from 'zod';

/** ISO 8601 with an offset; zod's own pattern is too long to print in a document. */
const [FIRST_MS, LAST_MS] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** PostgreSQL reads no other years as they are written here. */
const isInYears = (text: string): boolean => !(Date.parse(text) < FIRST_MS || Date.parse(text) > LAST_MS);

export const instantSchema = z.iso
  .datetime({ offset: true })
  .refine(isInYears, 'must be of the years 1 to 9999')
  .meta({
    description: 'ISO 8601 with an offset.',
    example: '2026-11-20T09:30:00Z',
    override: ({ jsonSchema }: { jsonSchema: { pattern?: string } }) => {
      delete jsonSchema.pattern;
    },
  });

export const idSchema = z.uuid({ version: 'v7', error: 'must be a UUID of version 7' }).meta({
  description: 'UUIDv7.',
  example: '01934567-89ab-7cde-8f01-23456789abcd',
  override: ({ jsonSchema }: { jsonSchema: { pattern?: string } }) => {
    delete jsonSchema.pattern;
  },
});

export const nameSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

/** A view, or one of its versions. */
export const viewNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}(@[1-9]\d{0,8})?$/,
    'must be a view, such as ad_image, or a view version, such as ad_image@1',
  )
  .meta({ description: 'A view (its newest version) or a reference with its version.', example: 'ad_image' });

/** A feature, join key, request field or output value: JSON of the field's type. */
export const valueSchema = z.unknown().meta({ description: 'Any JSON value.' });

/** Join keys or request fields by name; the model's definition says which and of what type. */
export const fieldsSchema = z.record(nameSchema, valueSchema);

/** PostgreSQL stores neither U+0000 nor lone surrogates. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

export const cursorSchema = z.string().min(1).max(512).meta({ description: 'As the page before gave it.' });

export const countSchema = z.int().nonnegative();
