import { expect, test } from 'vitest';
import {
  postgresAddressProblem,
  receiptsAddressProblem,
  redisAddressProblem,
  s3AddressProblem,
} from './store-address.ts';

test.for([
  'postgresql://user:secret@host:5432/db',
  'postgres://host/db?sslmode=require',
  `postgresql://host/db?sslmode=verify-full&sslrootcert=${encodeURIComponent(import.meta.filename)}`,
  'postgresql://larder@/ads?host=/tmp/pg',
  'postgresql://postgres@/larder?host=%2Ftmp%2Fa%20folder',
  'postgresql:///db?host=/tmp',
  'postgresql://[::1]:5432/db',
  'postgresql://user:p%40ss%2Fword@host/db',
])('%s is the address of a database', (text) => {
  expect(postgresAddressProblem(text)).toBeNull();
});

test.for([
  ['mysql://u:secret@h/db', /starts with postgresql/],
  ['h:5432/db', /starts with postgresql/],
  ['postgresql://', /must name a host or a database/],
  ['postgresql://u:sec ret@h/db', /%20/],
  ['postgresql://u:secret@h:99999/db', /port from 1 to 65535/],
  ['postgresql://u:secret@h:port/db', /port from 1 to 65535/],
  ['postgresql://u:sec/ret@h/db', /\/ as %2F/],
  ['postgresql://u:sec%ret@h/db', /% as %25/],
  ['postgresql://u:secret%e9@h/db', /% as %25/],
  ['postgresql://[::1/db', /not a valid URL/],
  ['postgresql://u@h/db?host=%zz', /not a valid URL/],
  ['postgresql://u:secret@h/db?sslmode=', /sslmode=verify-full/],
  ['postgresql://u:secret@h/db?sslmode=verify_full', /sslmode=verify-full/],
  ['postgresql://u:secret@h/db?sslmode=verify-full&sslrootcert=/secret/ca.pem', /can read in sslrootcert/],
] as const)('%s is not the address of a database', ([text, problem]) => {
  expect(postgresAddressProblem(text)).toMatch(problem);
  expect(postgresAddressProblem(text)).not.toMatch(/sec.?ret|99999/);
});

test.for([
  'redis://host',
  'redis://:secret@host:6379/3',
  'rediss://user:p%40ss@host:6380/',
  `rediss://host?sslrootcert=${import.meta.filename}`,
  'redis://[::1]:6379',
  'unix:///tmp/redis.sock',
  'unix:///tmp/a%20folder/redis.sock?db=2',
  'unix:///tmp/a folder/redis.sock',
])('%s is the address of a Redis', (text) => {
  expect(redisAddressProblem(text)).toBeNull();
});

test.for([
  ['http://:secret@h', /starts with redis/],
  ['redis:h', /starts with redis/],
  ['redis://', /must name a host/],
  ['redis://:secret@h?sslrootcert=/secret/ca.pem', /start with rediss/],
  ['rediss://:secret@h?sslrootcert=/secret/ca.pem', /can read in sslrootcert/],
  ['redis://h:99999', /port from 1 to 65535/],
  ['redis://:sec%ret@h', /% as %25/],
  ['redis://:secret@h/first', /database as a number/],
  ['unix://', /absolute path/],
  ['unix://tmp/redis.sock', /absolute path/],
  ['unix:///a%zz', /not a valid URL/],
  ['unix:///a?db=one', /database as a number/],
] as const)('%s is not the address of a Redis', ([text, problem]) => {
  expect(redisAddressProblem(text)).toMatch(problem);
  expect(redisAddressProblem(text)).not.toMatch(/sec.?ret|99999/);
});

test.for([
  's3://KEY:SECRET@bucket',
  's3://KEY:s%2Fe%2Bc@my-bucket.example/deep/prefix?region=eu-central-1',
  's3://KEY:SECRET@bucket?endpoint=http://127.0.0.1:9000',
])('%s is the address of an artifact store', (text) => {
  expect(s3AddressProblem(text)).toBeNull();
});

test.for([
  ['https://k:secret@bucket', /starts with s3/],
  ['s3://bucket/prefix', /access key/],
  ['s3://key@bucket', /access key/],
  ['s3://k:secret@', /not a valid URL|must name a bucket/],
  ['s3://k:secret@UPPER', /must name a bucket/],
  ['s3://k:secret@bucket:9000', /must name a bucket/],
  ['s3://k:sec/ret@bucket', /access key|\/ as %2F/],
  ['s3://k:sec%ret@bucket', /% as %25/],
  ['s3://k:secret@bucket?endpiont=https://h', /unknown option 'endpiont'/],
  ['s3://k:secret@bucket?endpoint=h:9000', /scheme, host and port/],
  ['s3://k:secret@bucket?endpoint=https://h/path', /scheme, host and port/],
] as const)('%s is not the address of an artifact store', ([text, problem]) => {
  expect(s3AddressProblem(text)).toMatch(problem);
  expect(s3AddressProblem(text)).not.toMatch(/sec.?ret/);
});

test.for(['/mnt/receipts', 's3://KEY:SECRET@bucket/receipts'])('%s can keep receipts', (text) => {
  expect(receiptsAddressProblem(text)).toBeNull();
});

test.for([
  ['receipts', /absolute path/],
  ['./k:secret@receipts', /absolute path/],
  ['', /absolute path/],
  ['https://k:secret@bucket', /absolute path/],
  ['s3://k:secret@UPPER', /must name a bucket/],
] as const)('%s cannot keep receipts', ([text, problem]) => {
  expect(receiptsAddressProblem(text)).toMatch(problem);
  expect(receiptsAddressProblem(text)).not.toMatch(/secret/);
});
