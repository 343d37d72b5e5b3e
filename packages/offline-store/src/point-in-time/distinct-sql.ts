const REGISTERS = 1_024;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);
const LINEAR_UP_TO = 2.5 * REGISTERS;
const MAX_RANK = 55;

/** The estimate of a `DistinctSketch` (its file explains the method) over the MD5 of values. @param hashes query of `hash`, in hexadecimal */
export function distinctEstimateSql(hashes: string): string {
  const register = `('x' || substr(hash, 1, 3))::bit(12)::int >> 2`;
  const rank = `coalesce(nullif(position('1' in substr(('x' || substr(hash, 1, 16))::bit(64)::text, 11)), 0), ${MAX_RANK})`;
  return `(select floor(0.5::float8 + case
      when zeros > 0 and raw <= ${LINEAR_UP_TO} then ${REGISTERS} * ln(${REGISTERS}::float8 / zeros) else raw end)
    from (
      select zeros, ${ALPHA * REGISTERS * REGISTERS}::float8 / (zeros + shares) as raw
      from (
        select ${REGISTERS} - count(*) as zeros, coalesce(sum(2::float8 ^ -rank), 0) as shares
        from (select max(${rank}) as rank from (${hashes}) hashed group by ${register}) registers) counted) estimated)`;
}
