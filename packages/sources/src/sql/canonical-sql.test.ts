import { expect, test } from 'vitest';
import { canonicalSql } from './canonical-sql.ts';

const QUERY = `select ad_id, 'It''s  -- no comment' as "Title", price*1.5e3 as price, updated_at as event_timestamp from ads where name <> E'\\'  /*' and body = $q$ a  /* $q$`;

test.for([
  ['whitespace', QUERY.replaceAll(', ', ',\n\t').replace(' from ', '\r\n  from ')],
  [
    'space around operators and parentheses',
    QUERY.replace('price*1.5e3', '( price * 1.5e3 )').replace(/\(|\)/g, ''),
  ],
  ['case of keywords and names', QUERY.replace('select ad_id', 'SELECT Ad_Id').replace('1.5e3', '1.5E3')],
  ['comments', QUERY.replace('from', '-- of today; it\'s "new"\n /* all /* nested */ of \' */ from')],
  ['a comment at the end', `${QUERY}-- the end`],
] as const)('%s makes no difference', ([, other]) => {
  expect(other).not.toBe(QUERY);
  expect(canonicalSql(other)).toBe(canonicalSql(QUERY));
});

test.for([
  ['a string', QUERY.replace('s  --', 's --')],
  ['a string with escapes', QUERY.replace("'  /*'", "' /*'")],
  ['a dollar-quoted string', QUERY.replace('a  /*', 'a /*')],
  ['the case of a quoted name', QUERY.replace('"Title"', '"title"')],
  ['a name', QUERY.replace('ad_id', 'ad _id')],
  ['a number', QUERY.replace('1.5', '1. 5')],
  ['the order', QUERY.replace('price*1.5e3 as price', '1.5e3*price as price')],
  ['what a comment hides', QUERY.replace(' from', ' -- from')],
] as const)('%s makes a difference', ([, other]) => {
  expect(other).not.toBe(QUERY);
  expect(canonicalSql(other)).not.toBe(canonicalSql(QUERY));
});

test('unclosed strings and comments are read to the end, in linear time', () => {
  for (const open of ["'", '"', "E'", '$q$', '$'])
    expect(canonicalSql(`select ${open}${' a'.repeat(50_000)}`)).not.toBe(canonicalSql('select'));
  expect(canonicalSql(`select /*${' /* a'.repeat(50_000)}`)).toBe(canonicalSql('select'));
});
